#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How sure a model is of a trial answer, out of the probabilities of its tokens.
enum TrialConfidence: String, Sendable, Hashable, CaseIterable {
    /// The geometric mean: the paper's, and the official code's for Qwen3.
    case geometric
    /// The arithmetic mean: the official code's for DeepSeek-R1.
    case arithmetic
    /// The smallest.
    case minimum

    /// The confidence, in 0...1; 0 without tokens.
    ///
    /// - Parameters:
    ///   - logProbabilities: Natural logarithms, one per token.
    ///   - skippingFirst: Whether the first token says nothing, as behind an opening brace.
    func value(ofLogProbabilities logProbabilities: [Double], skippingFirst: Bool = false) -> Double {
        let counted = logProbabilities.dropFirst(skippingFirst ? 1 : 0)
        guard !counted.isEmpty else { return 0 }
        let count = Double(counted.count)
        return switch self {
        case .geometric: exp(counted.reduce(0, +) / count)
        case .arithmetic: counted.reduce(0) { $0 + exp($1) } / count
        case .minimum: exp(counted.min() ?? -.infinity)
        }
    }
}
