#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The probability ω(r) with which a draft of reward r is kept.
///
/// Source: RSD (arXiv 2501.19324), which names these shapes and finds the step function best. Their constants could not
/// be read and are ours.
enum RewardWeight: String, Sendable, Hashable, CaseIterable {
    /// 1 from δ on, else 0; without a draw.
    case threshold
    /// δ, whatever the reward.
    case constant
    /// The reward itself, cut to 0...1.
    case clipped
    /// 1 / (1 + exp(−r)).
    case sigmoid
    /// 1 / (1 + exp(−10 (r − δ))): a soft step at δ.
    case logistic

    /// Steepness of ``logistic``.
    static let steepness = 10.0

    /// The probability of keeping, in 0...1.
    func probability(of reward: Double, delta: Double) -> Double {
        switch self {
        case .threshold: reward >= delta ? 1 : 0
        case .constant: min(1, max(0, delta))
        case .clipped: min(1, max(0, reward))
        case .sigmoid: 1 / (1 + exp(-reward))
        case .logistic: 1 / (1 + exp(-Self.steepness * (reward - delta)))
        }
    }
}
