import Generation

/// What a writer or a verifier works with at one step.
struct StepContext: Sendable {
    /// The models.
    let pair: ModelPair
    /// The names of the job's sequences in them.
    let sequences: SessionSequences
    /// Sampling and budgets.
    let settings: ReasoningSettings
    /// Coordinates of the step's random draws.
    let randomness: Randomness
    /// Most tokens that may be generated: what step limit, budget and context windows leave.
    let tokenLimit: Int

    let transcript: Transcript

    /// Prompt and steps so far in the vocabulary of a model.
    func tokens(for owner: StepOwner) -> [TokenID] { transcript.tokens(for: owner) }
}
