import Generation

/// The small model writes several drafts of a step at once, each with draws of its own, for a verifier to choose from.
/// All else is left to another writer: what the large model writes, the rest of a cut step, the answer.
struct SideBySideWriter: StepWriter {
    /// Number of drafts.
    let count: Int
    /// Writes all else.
    var inner: any StepWriter

    func speculating(_ speculation: Speculation) -> any StepWriter {
        var copy = self
        copy.inner = inner.speculating(speculation)
        return copy
    }

    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft {
        let isOne = decision.owner == .llm || decision.rule == .continuation || context.isLLMShareSpent
        if isOne || context.phase == .answer {
            return try await inner.write(decision, firstToken: firstToken, in: context)
        }
        let texts = try await drafts(in: context)
        var draft = StepDraft(decision: decision, generation: texts[0])
        draft.candidates = texts
        for text in texts.dropFirst() {
            draft.cost.slm += text.work
            draft.discarded.slm += text.tokens.count
        }
        return draft
    }

    /// The drafts in order; one request each, under way together so that they share the model's batches.
    private func drafts(in context: StepContext) async throws -> [Generation] {
        try await withThrowingTaskGroup(of: (Int, Generation).self) { group in
            for number in 0..<count {
                var request = context.request(for: .slm)
                request.sequence = context.sequences.draft(number)
                request.randomness.lane = UInt32(number + 1)
                let prepared = request
                group.addTask { (number, try await context.pair.slm.generate(prepared)) }
            }
            var texts = [Generation?](repeating: nil, count: count)
            for try await (number, text) in group { texts[number] = text }
            return texts.compactMap(\.self)
        }
    }
}
