import Generation

/// DEER: where the chain of thought is about to turn ("Wait", …), the model answers on trial; if it is sure of that
/// answer, thinking is over.
///
/// Source: DEER (arXiv 2504.15895) and its official code. What differs: a trial stands at step boundaries only, where
/// the words that the step's writer would go on with are drawn first (the code stops at the word anywhere, also inside
/// a sentence). The trial is greedy (the code leaves it at temperature 1 by accident). A trial that does not come to its
/// end has no confidence, as in the code's build for Qwen3: a model that goes on to think behind the opening has not
/// answered; that can be turned off. Trial tokens are dropped from the cache by the next request's context, and count
/// as work, not as tokens of the thoughts.
///
/// The model whose turn it is gives the trial. A trial of the small model that is sure is confirmed by the large one,
/// where that reads along: its own probabilities of the same answer must be as sure. The paper leaves this open.
struct TrialExit: EarlyExit {
    /// Thinking ends if the confidence is above this.
    let threshold: Double
    /// How it is measured.
    let confidence: TrialConfidence
    /// What the next step has to begin with for a trial; empty: anything.
    let words: [String]
    /// What opens the trial answer; `nil`: what closes the model's thoughts from outside.
    let inducer: String?
    /// Whether the trial's first token is left out of the confidence.
    let skipsFirst: Bool
    /// Most trials of a job.
    let maximumTrials: Int
    /// Most tokens of a trial.
    let maximumTokens: Int
    /// Whether a trial must come to its end, by an end of text or the brace that closes the inducer's.
    let mustEnd: Bool
    /// Whether the large model confirms trials of the small one.
    let isConfirmed: Bool

    func attempt(
        behind step: StepDraft, history: [StepRecord], in context: StepContext
    ) async throws -> ExitAttempt {
        var attempt = ExitAttempt()
        guard history.count(where: { $0.details.trial != nil }) < maximumTrials else { return attempt }
        let owner = TokenTurn.next(behind: step.details.segments, owner: step.decision.owner)
        // A trial has no place at the end of a window, where thinking is about to end anyway.
        let opening = opening(for: context.pair[owner])
        guard context.room(for: owner) > opening.count + maximumTokens else { return attempt }
        guard try await isTurn(of: owner, in: context, &attempt.cost) else { return attempt }

        let answer = try await answer(owner, behind: opening, in: context)
        attempt.cost[trial: owner] += answer.work
        let counts = !mustEnd || answer.finish != .length
        var value = counts ? self.value(answer.scores.prefix(answer.tokens.count)) : 0
        if owner == .slm, isConfirmed, value > threshold {
            let confirmed = try await confirmation(of: answer.tokens, behind: step, in: context, &attempt.cost)
            value = min(value, confirmed)
        }
        attempt.trial = StepDetails.Trial(
            owner: owner, answer: context.pair[owner].vocabulary.text(of: answer.tokens).trimmed(), confidence: value,
            threshold: threshold, exits: value > threshold)
        return attempt
    }

    private func value(_ scores: ArraySlice<TokenScore>) -> Double {
        let value = confidence.value(ofLogProbabilities: scores.map(\.logProbability), skippingFirst: skipsFirst)
        return value.isFinite ? value : 0
    }

    /// Whether the next step would begin with one of the words, if `owner` wrote it.
    private func isTurn(of owner: StepOwner, in context: StepContext, _ cost: inout StepCost) async throws -> Bool {
        if words.isEmpty { return true }
        let vocabulary = context.pair[owner].vocabulary
        let longest = words.map { vocabulary.encode($0, matchingSpecialTokens: false).count }.max() ?? 0
        var request = context.request(for: owner)
        request.randomness = Randomness(seed: context.randomness.seed, step: context.randomness.step + 1)
        // White space may stand before the word, in a token of its own.
        request.maximumTokens = longest + 1
        let look = try await context.pair[owner].generate(request)
        cost[trial: owner] += look.work
        let text = vocabulary.text(of: look.tokens).trimmed()
        return words.contains { text.hasPrefix($0) }
    }

    /// The greedy answer behind an opening.
    private func answer(
        _ owner: StepOwner, behind opening: [TokenID], in context: StepContext
    ) async throws -> Generation {
        var request = GenerationRequest(
            sequence: context.sequences[owner], context: context.tokens(for: owner) + opening,
            maximumTokens: maximumTokens, stop: StopCondition(delimiter: opensBrace ? "}" : nil), sampling: .greedy,
            randomness: context.randomness)
        request.details = .scores
        return try await context.pair[owner].generate(request)
    }

    /// How sure the large model is of an answer of the small one.
    private func confirmation(
        of tokens: [TokenID], behind step: StepDraft, in context: StepContext, _ cost: inout StepCost
    ) async throws -> Double {
        let pair = context.pair
        func read(_ tokens: [TokenID]) -> [TokenID] {
            if pair.exchangesTokens { return tokens }
            return pair.llm.vocabulary.encode(pair.slm.vocabulary.text(of: tokens), matchingSpecialTokens: false)
        }
        let answer = read(tokens)
        // Equal vocabularies: the step stands in both models' tokens.
        let unread = pair.exchangesTokens ? [] : read(step.generation.tokens)
        let known = context.tokens(for: .llm) + unread + opening(for: pair.llm)
        guard !answer.isEmpty, known.count + answer.count < pair.llm.identity.contextLength else { return 0 }
        var request = ProbeRequest(
            sequence: context.sequences.llm, context: known + answer, sampling: .greedy,
            randomness: context.randomness)
        request.scoredTokens = answer.count
        let probe = try await pair.llm.probe(request)
        cost.llmTrial += probe.work
        return value(probe.scores[...])
    }

    private var opensBrace: Bool { inducer?.last == "{" }

    /// The tokens before the trial answer. The tag is spelled with its own token; nothing else in the job's text is
    /// matched, as anywhere.
    private func opening(for model: any LanguageModel) -> [TokenID] {
        guard let inducer else { return model.forcedThinkingEnd }
        let vocabulary = model.vocabulary
        let parts = inducer.split(separator: ThinkingEnd.tag, omittingEmptySubsequences: false)
        return parts.enumerated().reduce(into: []) { tokens, part in
            if part.offset > 0 { tokens += ThinkingEnd.tokens(in: vocabulary) }
            tokens += vocabulary.encode(String(part.element), matchingSpecialTokens: false)
        }
    }
}

extension StepCost {
    /// Trial answers of an owner.
    fileprivate subscript(trial owner: StepOwner) -> ModelWork {
        get { owner == .slm ? slmTrial : llmTrial }
        set { if owner == .slm { slmTrial = newValue } else { llmTrial = newValue } }
    }
}
