import Generation

/// A model grades each draft of the small model by one probe; the draft is kept if the grade is at least θ. The judge is
/// the pair's, or the large model, which then reads the draft in its own sequence: what is kept stays in its KV cache.
///
/// Source: SpecReason (arXiv 2504.07891), section 4.1, and its code; also the baseline "LLM as a judge" of GlimpRouter.
/// A draft that closes the chain of thought is graded with its tag: as the question is put in tokens, no template can
/// drop the thoughts. An empty draft is kept without a question. A draft that the judge has no room to read goes to the
/// large model, as one without a signal does.
struct JudgeVerifier: StepVerifier {
    /// The least grade of a draft that is kept, in 0...9.
    let threshold: Double
    /// How the grade is read.
    let score: JudgeScore

    /// Default threshold of the paper and its code.
    static let defaultThreshold = 7.0

    /// Creates a verifier.
    init(threshold: Double, score: JudgeScore) {
        self.threshold = threshold
        self.score = score
    }

    /// Takes the keys `theta` and `score`.
    init(_ reader: inout ParameterReader) throws(SpecificationError) {
        threshold =
            try reader.number("theta", expected: "a number in 0...9") { (0...9).contains($0) } ?? Self.defaultThreshold
        score = try reader.name("score", as: JudgeScore.self) ?? .greedy
    }

    var asksModels: Bool { true }

    func review(_ draft: StepDraft, in context: StepContext) async throws -> StepReview {
        guard draft.decision.owner == .slm, !draft.generation.tokens.isEmpty else { return .accept() }
        let judge = context.judge
        let question = try judge.model.followUp(
            question: context.pair.judge?.question ?? JudgeQuestion.question,
            prefill: context.pair.judge?.prefill ?? JudgeQuestion.prefill)
        let read = context.tokens(for: .llm) + context.tokens(draft.generation, of: .slm, for: .llm) + question
        guard read.count < judge.model.identity.contextLength else {
            return .rewrite(StepDecision(.nonFinite, owner: .llm, threshold: threshold))
        }
        let probe = try await judge.model.probe(
            ProbeRequest(
                sequence: judge.sequence, context: read, sampling: .greedy, randomness: context.randomness,
                topCount: JudgeScore.topCount))
        let grade = score.grade(probe.signals.top, vocabulary: judge.model.vocabulary)
        let passes = grade >= threshold
        let decision = StepDecision(
            passes ? .scoreAtLeast : .scoreBelow, owner: passes ? .slm : .llm, signal: .init(.judgeScore, grade),
            threshold: threshold)
        var review = passes ? StepReview.accept(decision) : .rewrite(decision)
        review.details = .init(model: judge.model.identity, values: [grade], kept: passes ? 0 : nil)
        review.work = probe.work
        return review
    }
}

extension StepContext {
    /// Who judges, and the name of the sequence that serves the questions.
    var judge: (model: any LanguageModel, sequence: SequenceID) {
        pair.judge.map { ($0.model, sequences.judge) } ?? (pair.llm, sequences.llm)
    }
}
