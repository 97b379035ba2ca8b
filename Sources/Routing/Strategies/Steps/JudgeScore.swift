import Generation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How a grade from 0 to 9 is read from what a judge would write next.
///
/// Source: SpecReason (arXiv 2504.07891) and its code. A digit counts also with blanks around it in its token.
enum JudgeScore: String, Sendable, Hashable, CaseIterable {
    /// The most probable token, if it is a digit; else 0.
    case greedy
    /// The mean of the digits among the most probable tokens, each weighted with its probability; 0 without any.
    case average

    /// Number of tokens that are looked at.
    static let topCount = 10

    /// The grade.
    ///
    /// - Parameter top: The most probable tokens, best first.
    func grade(_ top: [DistributionSignals.TokenProbability], vocabulary: any Vocabulary) -> Double {
        switch self {
        case .greedy: return top.first.flatMap { Self.digit($0.token, vocabulary) } ?? 0
        case .average:
            var mass = 0.0
            var sum = 0.0
            for entry in top.prefix(Self.topCount) {
                guard let digit = Self.digit(entry.token, vocabulary) else { continue }
                let weight = exp(entry.logProbability)
                mass += weight
                sum += weight * digit
            }
            return mass > 0 ? sum / mass : 0
        }
    }

    private static func digit(_ token: TokenID, _ vocabulary: any Vocabulary) -> Double? {
        let blanks: Set<UInt8> = [0x20, 0x0A, 0x0D, 0x09]
        let bytes = vocabulary.bytes(of: token).filter { !blanks.contains($0) }
        guard bytes.count == 1, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0]) else { return nil }
        return Double(bytes[0] - UInt8(ascii: "0"))
    }
}
