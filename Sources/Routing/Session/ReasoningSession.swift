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
    /// - Throws: ``SessionError`` if the records cannot be resumed from, ``SpecificationError`` if the strategy needs
    ///   something that the pair has not.
    public init(
        specification: JobSpecification, pair: ModelPair, sequences: SessionSequences,
        resuming records: [StepRecord] = []
    ) throws {
        try specification.strategy.needs.check(pair, strategy: specification.strategy.name)
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
        defer { closeSequences() }
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

    private func closeSequences() {
        pair.slm.close(sequences.slm)
        pair.llm.close(sequences.llm)
        pair.judge?.model.close(sequences.judge)
        pair.scorer?.model.close(sequences.scorer)
        for draft in 0..<specification.strategy.needs.drafts {
            pair.slm.close(sequences.draft(draft))
            pair.llm.close(sequences.draft(draft))
        }
    }

    /// Probes if the policy wants to, decides, writes, verifies, tries to leave.
    private func think(_ trace: SessionTrace) async throws -> StepRecord {
        try Task.checkCancellation()
        let strategy = specification.strategy
        let context = try stepContext(trace)
        var (decision, probe) = try await decide(trace, context)
        if decision.owner == .llm, context.isLLMShareSpent { decision = shareSpent(trace) }

        // A probe is never wasted: its token is the step's first one if the probed model writes the step.
        let firstToken = decision.owner == .slm ? probe?.sampledToken : nil
        var draft = try await strategy.writer.write(decision, firstToken: firstToken, in: context)
        draft.cost.probe += probe?.work ?? ModelWork()
        draft =
            decision.rule == .continuation ? context.settled(draft) : try await verified(draft, trace, context)
        draft.details.rollback = trace.pendingRollback
        if let exit = strategy.earlyExit, draft.generation.finish == .delimiter {
            let behind = context.extended(by: draft.generation.tokens, of: draft.decision.owner)
            let attempt = try await exit.attempt(behind: draft, history: trace.live, in: behind)
            draft.details.trial = attempt.trial
            draft.cost += attempt.cost
        }
        return record(
            .thinking, draft, in: trace,
            glimpse: probe.map { StepRecord.Glimpse($0, support: strategy.policy.topEntropySupport) })
    }

    /// Who writes the next step.
    private func decide(
        _ trace: SessionTrace, _ context: StepContext
    ) async throws -> (decision: StepDecision, probe: Probe?) {
        if trace.pendingRollback != nil { return (StepDecision(.rollback, owner: .llm), nil) }
        if let unfinished = trace.unfinishedStep {
            return (StepDecision(.continuation, owner: unfinished.owner), nil)
        }
        let policy = specification.strategy.policy
        let situation = StepSituation(
            history: trace.live, randomness: context.randomness, priorEntropies: pair.priorEntropies,
            priorMixture: pair.priorMixture)
        let probe = policy.wantsProbe(before: situation) ? try await self.probe(context) : nil
        return (policy.decide(situation, signals: probe?.signals), probe)
    }

    private func shareSpent(_ trace: SessionTrace) -> StepDecision {
        StepDecision(
            .shareSpent, owner: .slm, signal: .init(.llmShare, trace.records.llmShare),
            threshold: specification.settings.maximumLLMShare)
    }

    /// The draft, or the step that takes its place.
    private func verified(
        _ draft: StepDraft, _ trace: SessionTrace, _ context: StepContext
    ) async throws -> StepDraft {
        let verifier = specification.strategy.verifier
        var settled = context.settled(draft)
        if draft.decision.owner == .slm, context.isLLMShareSpent, verifier.asksModels {
            settled.decision = shareSpent(trace)
            return settled
        }
        let review = try await verifier.review(settled, in: context)
        func reviewed(_ draft: StepDraft) -> StepDraft {
            var draft = draft
            draft.cost.review += review.work
            if let details = review.details { draft.details.review = details }
            return draft
        }
        settled = reviewed(review.draft ?? settled)
        let decision = review.decision ?? settled.decision
        let isShareSpent = decision.owner == .llm && context.isLLMShareSpent
        if review.verdict == .accept || isShareSpent {
            settled.decision = review.verdict == .accept ? decision : shareSpent(trace)
            settled.details.rejected = context.rejected(of: settled, kept: review.details?.kept ?? 0)
            return settled
        }
        var second = try await specification.strategy.writer.write(decision, firstToken: nil, in: context)
        second.details.review = settled.details.review
        second.details.rejected = context.rejected(of: settled, kept: nil)
        second.replace(reviewed(draft))
        return context.settled(second)
    }

    private func probe(_ context: StepContext) async throws -> Probe {
        try await pair.slm.probe(
            ProbeRequest(
                sequence: sequences.slm, context: context.tokens(for: .slm), sampling: context.sampling,
                randomness: context.randomness, topEntropySupport: specification.strategy.policy.topEntropySupport))
    }

    private func answer(_ trace: SessionTrace) async throws -> StepRecord {
        try Task.checkCancellation()
        if trace.thinkingStop == .answerMarker, let last = trace.live.last {
            // The answer stands in the last step already; this record only says so.
            var generation = Generation(tokens: [], finish: .endOfText)
            generation.work = ModelWork()
            return record(
                .answer, StepDraft(decision: StepDecision(.lastStep, owner: last.owner), generation: generation),
                in: trace)
        }
        let owner = trace.finalizer
        let tokens = trace.answerContext(for: owner)
        let identity = pair[owner].identity
        let room = identity.contextLength - tokens.count
        guard room > 0 else {
            throw ModelError.contextTooLong(
                model: identity.name, tokens: tokens.count + 1, limit: identity.contextLength)
        }
        let context = StepContext(
            pair: pair, sequences: sequences, settings: specification.settings, history: trace.live,
            randomness: randomness(trace), tokenLimit: min(specification.settings.maximumAnswerTokens, room),
            phase: .answer, slm: trace.answerContext(for: .slm), llm: trace.answerContext(for: .llm))
        let draft = try await specification.strategy.answerWriter.write(
            StepDecision(.finalizer, owner: owner), firstToken: nil, in: context)
        return record(.answer, draft, in: trace)
    }

    private func record(
        _ kind: StepRecord.Kind, _ draft: StepDraft, in trace: SessionTrace, glimpse: StepRecord.Glimpse? = nil
    ) -> StepRecord {
        let model = pair[draft.decision.owner]
        let generation = draft.generation
        func mean(_ sum: Double) -> Double? {
            let value = sum / Double(generation.measuredTokens)
            return value.isFinite ? value : nil
        }
        var details = draft.details
        details.segments = details.segments.measured(on: generation.tokens, in: model.vocabulary)
        return StepRecord(
            index: trace.records.count, kind: kind, decision: draft.decision, model: model.identity.name,
            glimpse: glimpse, text: model.vocabulary.text(of: generation.tokens), tokens: generation.tokens,
            finish: generation.finish, discarded: draft.discarded,
            meanLogProbability: mean(generation.logProbability), meanEntropy: mean(generation.entropySum),
            details: details, cost: draft.cost)
    }

    private func stepContext(_ trace: SessionTrace) throws -> StepContext {
        var context = StepContext(
            pair: pair, sequences: sequences, settings: specification.settings, history: trace.live,
            randomness: randomness(trace), tokenLimit: trace.mayCompleteDelimiter ? 1 : try trace.tokenLimit(),
            phase: .thinking, slm: trace.transcript.tokens(for: .slm), llm: trace.transcript.tokens(for: .llm))
        context.isLLMShareSpent = specification.settings.isLLMShareSpent(by: trace.records)
        context.unfinished = trace.unfinishedStep?.text ?? ""
        context.thinkingEndCounts = specification.strategy.thinkingEndCounts
        return context
    }

    private func randomness(_ trace: SessionTrace) -> Randomness {
        Randomness(seed: specification.seed, step: UInt32(trace.records.count))
    }
}
