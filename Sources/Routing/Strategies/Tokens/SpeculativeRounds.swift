import Generation

/// Rounds of speculative decoding: the small model drafts a few tokens from what stands so far, the large model verifies
/// them in one pass and adds one of its own.
///
/// With `same-token` both draw every position with the same number, and the text is token for token what the large
/// model alone would write, greedy or sampling. With `ratio` the small model draws from a lane of its own, so that the
/// draws that accept and replace are independent of what it drew; at temperature 0 that is the same rule.
///
/// The text belongs to the large model, kept drafts included, since it has drawn or confirmed every token. Drafted
/// tokens that it did not keep count as discarded tokens of the small model, also those behind the first refused one
/// that a later round draws again. A drafted end of text is no token and is not verified as one: the draft then ends
/// before it, and the large model's own token decides.
struct SpeculativeRounds: Sendable {
    /// How drafts are made and accepted.
    let speculation: Speculation

    /// Where drafts are drawn that are kept by ratio: no other text of a step uses it.
    static let draftLane: UInt32 = 1 << 16

    /// Creates rounds.
    init(_ speculation: Speculation) { self.speculation = speculation }

    /// Writes on until the large model stops, the limit is reached, or the rule gives the turn back.
    ///
    /// - Parameters:
    ///   - text: What stands of the step, and grows. Its last row ends with `handover` only where the rule has fired.
    ///   - handover: The rule.
    /// - Throws: What the models throw, `CancellationError`.
    func extend(_ text: inout StepAssembly, handover: HandoverRule? = nil, in context: StepContext) async throws {
        while true {
            try Task.checkCancellation()
            let left = context.tokenLimit - text.tokens.count
            var request = context.request(for: .llm, written: text.tokens)
            request.handover = handover
            let room = context.room(for: .slm) - text.tokens.count
            let length = min(speculation.draftTokens, left - 1, room)
            if length > 0 {
                let draft = try await draft(length, behind: text.tokens, in: context)
                request.draft = draft.tokens
                if isByRatio(context) {
                    request.acceptance = draft.proposals(endOfText: context.pair.slm.vocabulary.endOfText)
                }
                // Without a guess the request would run on: its first token is what the end of the draft asks for.
                if draft.tokens.isEmpty { request.maximumTokens = 1 }
                let row = try await context.pair.llm.generate(request)
                text.append(draft: draft, accepted: row.acceptedDraftTokens)
                text.append(row, of: .llm)
            } else {
                // One token is left, or the small model's window is full.
                text.append(try await context.pair.llm.generate(request), of: .llm)
            }
            guard goesOn(text, in: context) else { break }
        }
        let isFull = text.tokens.count >= context.tokenLimit
        if isFull, text.generation.finish == .handover { text.end(.length) }
        if !isFull, text.generation.finish == .length { text.end(.handover) }
    }

    /// Whether the last row ended only because its draft did.
    private func goesOn(_ text: StepAssembly, in context: StepContext) -> Bool {
        guard text.tokens.count < context.tokenLimit else { return false }
        switch text.generation.finish {
        case .handover, .length: return text.segments.last?.signal == nil
        case .delimiter, .thinkingEnd, .endOfText: return false
        }
    }

    private func isByRatio(_ context: StepContext) -> Bool {
        speculation.acceptance == .ratio && context.sampling.temperature > 0
    }

    private func draft(
        _ length: Int, behind tokens: [TokenID], in context: StepContext
    ) async throws -> Generation {
        var request = context.request(for: .slm, written: tokens)
        request.maximumTokens = length
        if isByRatio(context) {
            request.randomness.lane = Self.draftLane
            request.details = .distributions
        }
        return try await context.pair.slm.generate(request)
    }
}
