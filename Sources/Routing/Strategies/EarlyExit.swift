import Generation

/// Asks for a trial answer behind a step, to end the thinking once the models are sure.
protocol EarlyExit: Sendable {
    /// Makes a trial, if the rule wants one here.
    ///
    /// - Parameters:
    ///   - step: The step that was just written; it stands in the tokens of its owner's context.
    ///   - history: The records before it that count.
    ///   - context: What has been written, the step included.
    /// - Throws: What the models throw.
    func attempt(behind step: StepDraft, history: [StepRecord], in context: StepContext) async throws -> ExitAttempt
}

/// What came of looking for an early exit.
struct ExitAttempt: Sendable {
    /// The trial; `nil` where none was wanted.
    var trial: StepDetails.Trial?
    /// What the look and the trial cost; only ``StepCost/slmTrial`` and ``StepCost/llmTrial``.
    var cost = StepCost()

    /// No trial, at no cost.
    init() {}
}
