import Generation

/// The owner writes the whole step; the large model with drafts of the small one. The small model's own steps are
/// written plainly.
struct SpeculativeWriter: StepWriter {
    /// How the large model writes.
    let rounds: SpeculativeRounds

    /// Creates a writer.
    init(_ speculation: Speculation) { rounds = SpeculativeRounds(speculation) }

    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft {
        guard decision.owner == .llm else {
            return try await OwnerWriter().write(decision, firstToken: firstToken, in: context)
        }
        var text = StepAssembly()
        try await rounds.extend(&text, in: context)
        return text.draft(decision)
    }

    func speculating(_ speculation: Speculation) -> any StepWriter { SpeculativeWriter(speculation) }
}
