import Generation

/// Takes a chain of thought back to where it was still sound. Looks at the trace alone, so that a resumed job goes back
/// where the uninterrupted one did.
protocol RecoveryRule: Sendable {
    /// Where to go back to.
    ///
    /// - Parameters:
    ///   - records: The thinking records that count, not empty.
    ///   - prior: First-token entropies known of the small model, ascending; see ``ModelPair/priorEntropies``.
    ///   - rollbacks: How often the job has gone back before.
    ///   - stop: Why thinking would be over otherwise; `nil` if it would go on.
    /// - Returns: Index of the first record to give up, or `nil` to leave things as they are. The step in its place is
    ///   written by the large model.
    func recover(_ records: [StepRecord], prior: [Double], rollbacks: Int, stop: ThinkingStop?) -> Int?
}
