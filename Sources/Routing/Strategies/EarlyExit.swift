import Generation

/// Asks for a trial answer behind a step, to end the thinking once the models are sure.
protocol EarlyExit: Sendable {
    /// Makes a trial, if the rule wants one here.
    ///
    /// - Parameters:
    ///   - step: The step that was just written; it stands in the context's tokens.
    ///   - history: The records before it that count.
    ///   - context: What has been written, the step included.
    /// - Returns: The trial and what it cost, or `nil` without one.
    /// - Throws: What the models throw.
    func trial(
        behind step: StepDraft, history: [StepRecord], in context: StepContext
    ) async throws -> (trial: StepDetails.Trial, cost: ModelWork)?
}
