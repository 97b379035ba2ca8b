import Generation

/// Writes a step, or the answer, once it is decided who leads it. Methods that change models inside a step are writers.
protocol StepWriter: Sendable {
    /// Writes up to where the phase ends (``StepContext/stop(for:)``) or the token limit.
    ///
    /// - Parameters:
    ///   - decision: Who writes.
    ///   - firstToken: The step's first token where the owner's probe has drawn it.
    ///   - context: What has been written and what may be used.
    /// - Throws: What the models throw.
    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft

    /// The same writer, with drafts of the small model wherever the large one writes.
    func speculating(_ speculation: Speculation) -> any StepWriter
}

extension StepWriter {
    /// For writers that never let the large model write.
    func speculating(_ speculation: Speculation) -> any StepWriter { self }
}

/// The owner writes the whole step.
struct OwnerWriter: StepWriter {
    /// Creates a writer.
    init() {}

    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft {
        var request = context.request(for: decision.owner)
        request.firstToken = firstToken
        return StepDraft(
            decision: decision, generation: try await context.pair[decision.owner].generate(request))
    }
    func speculating(_ speculation: Speculation) -> any StepWriter { SpeculativeWriter(speculation) }
}
