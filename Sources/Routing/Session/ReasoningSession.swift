import Generation

/// One job on its way from prompt to answer: before each step a policy chooses who writes it, until thinking ends; then
/// the finaliser answers. Every finished record is handed out at once, and a session that is given the records of an
/// interrupted one goes on as that one would have.
///
/// Tokens, texts and decisions are a function of the specification, the models and the pair's prior sample alone.
public struct ReasoningSession: Sendable {
    private let specification: JobSpecification
    private let pair: ModelPair
    private let sequences: SessionSequences
    private let resumed: [StepRecord]

    /// Prepares a session.
    ///
    /// - Parameters:
    ///   - specification: The job.
    ///   - pair: The models.
    ///   - sequences: Names that no other session of the process uses.
    ///   - records: What an interrupted session of the same job has recorded, from the beginning; empty for a new job.
    /// - Throws: ``SessionError`` if the records cannot be resumed from.
    public init(
        specification: JobSpecification, pair: ModelPair, sequences: SessionSequences,
        resuming records: [StepRecord] = []
    ) throws(SessionError) {
        try SessionError.check(records, pair: pair)
        self.specification = specification
        self.pair = pair
        self.sequences = sequences
        resumed = records
    }

    /// Runs to the answer. The sequences are closed in the end, also after an error.
    ///
    /// - Parameter recording: Takes each new record, in order, before the next one is begun; resumed ones not again.
    /// - Returns: Answer and accounts.
    /// - Throws: `ModelError` from the models, `CancellationError`, and what `recording` throws.
    public func run(
        recording: @Sendable (StepRecord) async throws -> Void
    ) async throws -> SessionOutcome {
        defer {
            pair.slm.close(sequences.slm)
            pair.llm.close(sequences.llm)
        }
        var trace = try SessionTrace(specification: specification, pair: pair, records: resumed)
        while trace.thinkingStop == nil {
            let record = try await think(trace)
            try await recording(record)
            trace.append(record)
        }
        if trace.answer == nil {
            let record = try await answer(trace)
            try await recording(record)
            trace.append(record)
        }
        guard let answer = trace.answer, let stop = trace.thinkingStop else {
            preconditionFailure("a session ends with an answer")
        }
        return SessionOutcome(records: trace.records, answer: answer, thinkingStop: stop)
    }

    /// Probes if the policy wants to, decides, writes, verifies.
    private func think(_ trace: SessionTrace) async throws -> StepRecord {
        try Task.checkCancellation()
        let strategy = specification.strategy
        let context = try stepContext(trace)
        let situation = StepSituation(
            history: trace.records, randomness: context.randomness, priorEntropies: pair.priorEntropies)
        var cost = StepCost()

        var probe: Probe?
        let decision: StepDecision
        if let unfinished = trace.unfinishedStep {
            decision = StepDecision(.continuation, owner: unfinished.owner)
        } else {
            if strategy.policy.wantsProbe(before: situation) {
                probe = try await self.probe(context)
                cost.probe += probe?.work ?? ModelWork()
            }
            decision = strategy.policy.decide(situation, signals: probe?.signals)
        }

        // A probe is never wasted: its token is the step's first one if the probed model writes the step.
        let firstToken = decision.owner == .slm ? probe?.sampledToken : nil
        var draft = try await strategy.writer.write(decision, firstToken: firstToken, in: context)
        cost[draft.decision.owner] += draft.generation.work
        var discarded = StepRecord.Discarded()
        if case .rewrite(let second) = try await strategy.verifier.review(draft, in: context) {
            discarded[draft.decision.owner] += draft.generation.tokens.count
            draft = try await strategy.writer.write(second, firstToken: nil, in: context)
            cost[draft.decision.owner] += draft.generation.work
        }

        let owner = draft.decision.owner
        let kept = ThinkingEnd.cut(
            draft.generation, after: trace.unfinishedStep?.text ?? "", vocabulary: pair[owner].vocabulary)
        discarded[owner] += kept.discarded
        let text = pair[owner].vocabulary.bytes(of: kept.tokens)
        let completesDelimiter = trace.mayCompleteDelimiter && text.first == UInt8(ascii: "\n")
        return record(
            kind: .thinking, draft.decision, draft.generation, tokens: kept.tokens,
            finish: kept.finish == .length && completesDelimiter ? .delimiter : kept.finish, in: trace,
            glimpse: probe.map { StepRecord.Glimpse($0, support: strategy.policy.topEntropySupport) },
            discarded: discarded, cost: cost)
    }

    private func probe(_ context: StepContext) async throws -> Probe {
        try await pair.slm.probe(
            ProbeRequest(
                sequence: sequences.slm, context: context.tokens(for: .slm),
                sampling: specification.settings.thinkingSampling, randomness: context.randomness,
                topEntropySupport: specification.strategy.policy.topEntropySupport))
    }

    private func answer(_ trace: SessionTrace) async throws -> StepRecord {
        try Task.checkCancellation()
        let owner = trace.finalizer
        let model = pair[owner]
        let tokens = trace.answerContext
        let room = model.identity.contextLength - tokens.count
        guard room > 0 else {
            throw ModelError.contextTooLong(
                model: model.identity.name, tokens: tokens.count + 1, limit: model.identity.contextLength)
        }
        let generation = try await model.generate(
            GenerationRequest(
                sequence: sequences[owner], context: tokens,
                maximumTokens: min(specification.settings.maximumAnswerTokens, room), stop: .endOfText,
                sampling: specification.settings.answerSampling, randomness: randomness(trace)))
        var cost = StepCost()
        cost[owner] = generation.work
        return record(
            kind: .answer, StepDecision(.finalizer, owner: owner), generation, tokens: generation.tokens,
            finish: generation.finish, in: trace, cost: cost)
    }

    private func record(
        kind: StepRecord.Kind, _ decision: StepDecision, _ generation: Generation, tokens: [TokenID],
        finish: FinishReason, in trace: SessionTrace, glimpse: StepRecord.Glimpse? = nil,
        discarded: StepRecord.Discarded = StepRecord.Discarded(), cost: StepCost
    ) -> StepRecord {
        let model = pair[decision.owner]
        func mean(_ sum: Double) -> Double? {
            let value = sum / Double(generation.measuredTokens)
            return value.isFinite ? value : nil
        }
        return StepRecord(
            index: trace.records.count, kind: kind, decision: decision, model: model.identity.name, glimpse: glimpse,
            text: model.vocabulary.text(of: tokens), tokens: tokens, finish: finish, discarded: discarded,
            meanLogProbability: mean(generation.logProbability), meanEntropy: mean(generation.entropySum), cost: cost)
    }

    private func stepContext(_ trace: SessionTrace) throws -> StepContext {
        StepContext(
            pair: pair, sequences: sequences, settings: specification.settings, randomness: randomness(trace),
            tokenLimit: trace.mayCompleteDelimiter ? 1 : try trace.tokenLimit(), transcript: trace.transcript)
    }

    private func randomness(_ trace: SessionTrace) -> Randomness {
        Randomness(seed: specification.seed, step: UInt32(trace.records.count))
    }
}
