/// The coordinates of a random draw: the draw for a token depends on these and on nothing else, so that a job that is
/// interrupted, moved or preempted draws the same tokens again.
public struct Randomness: Sendable, Hashable {
    /// What a draw decides; draws for different purposes at the same place are independent.
    public enum Purpose: UInt32, Sendable, Hashable {
        /// The choice of a token.
        case token = 0
        /// The owner of a step under random routing.
        case routing = 1
        /// Whether a drafted token is kept (``DraftAcceptance/ratio(_:)``).
        case acceptance = 2
        /// The token in place of one that was not kept.
        case residual = 3
    }

    /// The job's seed.
    public var seed: UInt64
    /// Index of the reasoning step, 0-based; the answer counts as one more step.
    public var step: UInt32
    /// Which of several texts for the same step: 0 for the one that counts, others for drafts beside it.
    public var lane: UInt32

    /// Creates the coordinates that all draws of one step share.
    public init(seed: UInt64, step: UInt32, lane: UInt32 = 0) {
        self.seed = seed
        self.step = step
        self.lane = lane
    }

    /// A number in 0..<1 with 53 random bits.
    ///
    /// - Parameters:
    ///   - position: Index of the token within its step, 0-based.
    ///   - purpose: What the draw decides.
    public func uniform(position: UInt32, purpose: Purpose = .token) -> Double {
        let words = Philox.words(
            counter: (position, step, purpose.rawValue, lane),
            key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
        let bits = (UInt64(words.0) << 32 | UInt64(words.1)) >> 11
        return Double(bits) * 0x1p-53
    }
}
