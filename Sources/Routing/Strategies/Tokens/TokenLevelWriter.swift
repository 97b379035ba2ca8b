import Generation

/// Both models write a step in turns: the small one until it is unsure of a token, the large one from that token on
/// until it gives the turn back.
///
/// Whose turn it is at the beginning of a step, or of the answer, follows from the last record that counts. Steps that
/// the large model has to write (a rollback) or may not write (its share is spent) have one writer.
struct TokenLevelWriter: StepWriter {
    /// When the large model gives the turn back.
    enum Release: Sendable, Hashable {
        /// Behind every token (R2R).
        case oneToken
        /// Behind the token at which the rule fires (R-Stitch).
        case rule(HandoverRule.Condition)
    }

    /// When the small model gives its turn away.
    let escalation: TokenEscalation
    /// When it gets it back.
    let release: Release
    /// How the large model's rows are drafted; single tokens are not.
    private(set) var rounds: SpeculativeRounds?

    /// Creates a writer.
    init(escalation: TokenEscalation, release: Release) {
        self.escalation = escalation
        self.release = release
    }

    func speculating(_ speculation: Speculation) -> any StepWriter {
        var copy = self
        copy.rounds = SpeculativeRounds(speculation)
        return copy
    }

    func write(
        _ decision: StepDecision, firstToken: TokenID?, in context: StepContext
    ) async throws -> StepDraft {
        if let only = onlyWriter(decision, in: context) { return try await write(alone: only, decision, in: context) }
        let escalation = try escalation.handover(in: context.pair)
        var text = StepAssembly()
        var turn = TokenTurn.next(after: context.history, keepsTurn: release != .oneToken)
        while true {
            try Task.checkCancellation()
            if turn == .slm {
                var request = context.request(for: .slm, written: text.tokens)
                request.handover = escalation
                text.append(try await context.pair.slm.generate(request), of: .slm)
            } else {
                try await writeLarge(&text, in: context)
            }
            guard text.generation.finish == .handover else { break }
            if text.tokens.count >= context.tokenLimit {
                text.end(.length)
                break
            }
            turn = turn.other
        }
        return text.sharedDraft(decided(decision, text, last: turn))
    }

    /// The large model's turn; ends with `handover` where it gives the turn back.
    private func writeLarge(_ text: inout StepAssembly, in context: StepContext) async throws {
        switch release {
        case .oneToken:
            var request = context.request(for: .llm, written: text.tokens)
            request.maximumTokens = 1
            text.append(try await context.pair.llm.generate(request), of: .llm)
            if text.generation.finish == .length, text.tokens.count < context.tokenLimit { text.end(.handover) }
        case .rule(let condition):
            let handover = HandoverRule(condition, token: .taken)
            if let rounds { return try await rounds.extend(&text, handover: handover, in: context) }
            var request = context.request(for: .llm, written: text.tokens)
            request.handover = handover
            text.append(try await context.pair.llm.generate(request), of: .llm)
        }
    }

    /// The one writer of a step that models do not change in. Where a model's window is full, the other one answers.
    private func onlyWriter(_ decision: StepDecision, in context: StepContext) -> StepOwner? {
        if decision.rule == .rollback { return .llm }
        if decision.rule == .shareSpent || context.isLLMShareSpent { return .slm }
        return StepOwner.allCases.first { context.room(for: $0) < context.tokenLimit }?.other
    }

    private func write(
        alone owner: StepOwner, _ decision: StepDecision, in context: StepContext
    ) async throws -> StepDraft {
        var text = StepAssembly()
        if owner == .llm, let rounds {
            try await rounds.extend(&text, in: context)
        } else {
            text.append(try await context.pair[owner].generate(context.request(for: owner)), of: owner)
        }
        var decision = decision
        decision.owner = owner
        return text.sharedDraft(decision)
    }

    /// The decision with the owner that came out: who wrote more, the large model if both wrote as much.
    private func decided(_ decision: StepDecision, _ text: StepAssembly, last: StepOwner) -> StepDecision {
        let count = text.tokens.count, large = text.count(of: .llm)
        let owner: StepOwner = count == 0 ? last : 2 * large >= count ? .llm : .slm
        let share = count == 0 ? nil : StepDecision.Signal(.llmTokenShare, Double(large) / Double(count))
        return StepDecision(decision.rule, owner: owner, signal: share)
    }
}
