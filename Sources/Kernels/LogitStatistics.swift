/// What a probe needs to know of one row of logits: the softmax over the whole vocabulary at temperature 1.
public struct LogitStatistics: Sendable, Hashable {
    /// The largest logit.
    public let maximum: Float
    /// ln Σ e^logit; the log-probability of a token is its logit minus this.
    public let logSumExp: Double
    /// Shannon entropy in nats.
    public let entropy: Double
    /// False if any logit is NaN or infinite, or there are none; the other figures then mean nothing.
    public let isFinite: Bool

    init(maximum: Float, logSumExp: Double, entropy: Double, isFinite: Bool) {
        self.maximum = maximum
        self.logSumExp = logSumExp
        self.entropy = entropy
        self.isFinite = isFinite
    }

    /// Statistics of one row with the best kernels of this machine; the bits are the same with any others.
    public init(of logits: UnsafeBufferPointer<Float>) {
        self =
            Self.kernels?.statistics(of: logits)
            ?? LogitStatistics(maximum: 0, logSumExp: 0, entropy: 0, isFinite: false)
    }

    private static let kernels = try? VectorKernels(InstructionSet.best)
}
