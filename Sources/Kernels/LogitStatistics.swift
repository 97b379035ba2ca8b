internal import CKernels

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

    /// Statistics of a row from its slices, merged in ascending order.
    public init(merging slices: UnsafeBufferPointer<LogitSlice>) {
        var result = gq_statistics()
        slices.withMemoryRebound(to: gq_logit_slice.self) { slices in
            if let first = slices.baseAddress { gq_merge_slices(first, slices.count, &result) }
        }
        maximum = result.maximum
        logSumExp = result.log_sum_exp
        entropy = result.entropy
        isFinite = result.is_finite != 0
    }
}

/// Softmax sums over one slice of the vocabulary. Slices are the same whatever the batch and the threads, so their sums and
/// the statistics of the row are the same bits.
public struct LogitSlice {
    var slice = gq_logit_slice()

    /// Logits of one slice; the last one of a row may have fewer.
    public static let tokens = 512
}
