import Generation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A process-reward model values each draft of the small model; the draft is kept if the reward is at least δ, or by a
/// draw against a weight of the reward.
///
/// Source: RSD (arXiv 2501.19324) and its code, with these differences: the reward is the value of the scorer's head at
/// the draft's last token (the official scorer reads a further token per step there); it is compared as the head gives
/// it, so that with a sigmoid head a draft right at the boundary may fall to either side by a rounding; no patience
/// rule, which makes a job depend on its batch; answer and end of thinking as in the other methods. Without a scorer the
/// large model's mean log-probability of the draft stands in, and the boundary is ln δ unless it is given: the draft's
/// tokens are, in their geometric mean, at least δ probable. An empty draft is kept without a question; one that the
/// scorer has no room to read goes to the large model.
struct RewardVerifier: StepVerifier {
    /// What gives the reward.
    enum Scorer: String, Sendable, Hashable, CaseIterable {
        /// The head of the pair's scorer.
        case head
        /// The large model's mean log-probability.
        case logProbability = "logprob"
    }

    /// The least reward of a draft that is kept.
    let delta: Double
    /// What gives the reward; `nil`: the pair's head where it has one.
    let scorer: Scorer?
    /// What becomes of a reward.
    let weight: RewardWeight
    /// The least mean log-probability, in nats; `nil`: ln δ.
    let floor: Double?

    /// Default of the paper and its code.
    static let defaultDelta = 0.7

    /// Creates a verifier.
    init(delta: Double, scorer: Scorer? = nil, weight: RewardWeight = .threshold, floor: Double? = nil) {
        self.delta = delta
        self.scorer = scorer
        self.weight = weight
        self.floor = floor
    }

    /// Takes the keys `delta`, `scorer`, `weight` and `logprob_floor`.
    init(_ reader: inout ParameterReader) throws(SpecificationError) {
        delta = try reader.number("delta", expected: "a number in 0...1") { (0...1).contains($0) } ?? Self.defaultDelta
        scorer = try reader.name("scorer", as: Scorer.self)
        weight = try reader.name("weight", as: RewardWeight.self) ?? .threshold
        floor = try reader.number("logprob_floor", expected: "a number, at most 0 (nats)") { $0 <= 0 }
        if let floor, weight != .threshold {
            throw SpecificationError(
                key: "parameters.logprob_floor", expected: "no floor beside weight \(weight.rawValue)", got: "\(floor)")
        }
        if let floor, scorer == .head {
            throw SpecificationError(
                key: "parameters.logprob_floor", expected: "no floor beside scorer head", got: "\(floor)")
        }
    }

    var asksModels: Bool { true }

    func review(_ draft: StepDraft, in context: StepContext) async throws -> StepReview {
        guard draft.decision.owner == .slm, !draft.generation.tokens.isEmpty else { return .accept() }
        let step = context.tokens(draft.generation, of: .slm, for: .llm)
        let asked: (model: any LanguageModel, probe: Probe, signal: StepDecision.Signal, boundary: Double)?
        if let assistant = context.pair.scorer, let head = assistant.head, scorer != .logProbability {
            asked = try await value(of: step, by: head, of: assistant.model, in: context)
        } else {
            asked = try await logProbability(of: step, in: context)
        }
        guard let asked, asked.signal.value.isFinite else {
            var review = StepReview.rewrite(StepDecision(.nonFinite, owner: .llm, threshold: delta))
            review.work = asked?.probe.work ?? ModelWork()
            return review
        }
        let decision = decide(asked.signal, boundary: asked.boundary, randomness: context.randomness)
        var review = decision.owner == .slm ? StepReview.accept(decision) : .rewrite(decision)
        review.details = .init(
            model: asked.model.identity, values: [asked.signal.value], kept: decision.owner == .slm ? 0 : nil)
        review.work = asked.probe.work
        return review
    }

    /// What a reward decides.
    ///
    /// - Parameters:
    ///   - reward: The head's value, or a mean log-probability; its exponential is what is weighted.
    ///   - boundary: The least reward of a draft that is kept.
    ///   - randomness: Coordinates of the draw.
    func decide(_ reward: StepDecision.Signal, boundary: Double, randomness: Randomness) -> StepDecision {
        if weight == .threshold {
            let passes = reward.value >= boundary
            return StepDecision(
                passes ? .rewardAtLeast : .rewardBelow, owner: passes ? .slm : .llm, signal: reward,
                threshold: boundary)
        }
        let value = reward.name == .llmLogProbability ? exp(reward.value) : reward.value
        let probability = weight.probability(of: value, delta: delta)
        let draw = randomness.uniform(position: 0, purpose: .routing)
        let keeps = draw < probability
        return StepDecision(
            keeps ? .rewardDrawn : .rewardRefused, owner: keeps ? .slm : .llm, signal: .init(.draw, draw),
            threshold: probability)
    }

    private func value(
        of step: [TokenID], by head: String, of model: any LanguageModel, in context: StepContext
    ) async throws -> (any LanguageModel, Probe, StepDecision.Signal, Double)? {
        var request = ProbeRequest(
            sequence: context.sequences.scorer, context: context.tokens(for: .llm) + step, sampling: .greedy,
            randomness: context.randomness)
        request.heads = [head]
        guard request.context.count < model.identity.contextLength else { return nil }
        let probe = try await model.probe(request)
        return (model, probe, .init(.reward, probe.headValues.first ?? .nan), delta)
    }

    private func logProbability(
        of step: [TokenID], in context: StepContext
    ) async throws -> (any LanguageModel, Probe, StepDecision.Signal, Double)? {
        var request = ProbeRequest(
            sequence: context.sequences.llm, context: context.tokens(for: .llm) + step, sampling: .greedy,
            randomness: context.randomness)
        request.scoredTokens = step.count
        guard request.context.count < context.pair.llm.identity.contextLength else { return nil }
        let probe = try await context.pair.llm.probe(request)
        let boundary = floor ?? (delta > 0 ? log(delta) : -.greatestFiniteMagnitude)
        return (context.pair.llm, probe, .init(.llmLogProbability, probe.scores.meanLogProbability), boundary)
    }
}

extension [TokenScore] {
    /// Mean natural-log probability; not a number without tokens.
    var meanLogProbability: Double { reduce(0) { $0 + $1.logProbability } / Double(count) }
}
