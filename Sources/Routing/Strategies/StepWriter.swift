import Generation

/// Writes a step once it is decided who leads it. Methods that change models inside a step are writers.
protocol StepWriter: Sendable {
    /// Writes up to a blank line, the end of thinking, the end of text or the token limit.
    ///
    /// - Parameters:
    ///   - decision: Who writes.
    ///   - firstToken: The step's first token where the owner's probe has drawn it.
    ///   - context: What has been written and what may be used.
    /// - Throws: What the models throw.
    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft
}

/// A written step before it is accepted.
struct StepDraft: Sendable {
    /// Who wrote it and why.
    var decision: StepDecision
    /// What the owner generated.
    var generation: Generation

    /// Creates a draft.
    init(decision: StepDecision, generation: Generation) {
        self.decision = decision
        self.generation = generation
    }
}

/// The owner writes the whole step.
struct OwnerWriter: StepWriter {
    /// Creates a writer.
    init() {}

    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft {
        let model = context.pair[decision.owner]
        let request = GenerationRequest(
            sequence: context.sequences[decision.owner], context: context.tokens(for: decision.owner),
            firstToken: firstToken, maximumTokens: context.tokenLimit,
            stop: StopCondition(delimiter: "\n\n", thinkingEnd: .init(token: model.vocabulary.thinkingEnd)),
            sampling: context.settings.thinkingSampling, randomness: context.randomness)
        return StepDraft(decision: decision, generation: try await model.generate(request))
    }
}
