import Generation
import Testing

@testable import Routing

/// Decisions at the threshold, from the method notes of the project (section "test vectors").
@Suite struct PolicyTests {
    static func decide(
        _ policy: EntropyPolicy, entropy: Double, top: Double? = nil, history: [StepRecord] = [], prior: [Double] = []
    ) -> StepDecision {
        policy.decide(
            StepSituation(history: history, randomness: Randomness(seed: 0, step: 0), priorEntropies: prior),
            signals: DistributionSignals(entropy: entropy, topEntropy: top, logVocabulary: 10))
    }

    static func record(_ index: Int, entropy: Double) -> StepRecord {
        StepRecord(
            index: index, kind: .thinking,
            decision: StepDecision(.entropyAtMost, owner: .slm, signal: .init(.entropy, entropy), threshold: 1),
            model: "slm", text: "\(index)", tokens: [1], finish: .delimiter)
    }

    @Test func thePaperDelegatesATieTheCodeDoesNot() {
        let paper = EntropyPolicy(threshold: .fixed(0.9))
        #expect(Self.decide(paper, entropy: 0.9).owner == .slm)
        #expect(Self.decide(paper, entropy: 0.9).rule == .entropyAtMost)
        #expect(Self.decide(paper, entropy: 0.9.nextUp).owner == .llm)
        let code = EntropyPolicy(threshold: .fixed(0.9), comparison: .atLeast)
        #expect(Self.decide(code, entropy: 0.9).owner == .llm)
        #expect(Self.decide(code, entropy: 0.9).rule == .entropyAtLeast)
        #expect(Self.decide(code, entropy: 0.9.nextDown).owner == .slm)
    }

    @Test func zeroIsAThreshold() {
        #expect(Self.decide(EntropyPolicy(threshold: .fixed(0)), entropy: 0).owner == .slm)
        #expect(Self.decide(EntropyPolicy(threshold: .fixed(0)), entropy: 1e-9).owner == .llm)
        #expect(Self.decide(EntropyPolicy(threshold: .fixed(0), comparison: .atLeast), entropy: 0).owner == .llm)
    }

    @Test(arguments: [Double.nan, .infinity])
    func whatIsNotFiniteGoesToTheLargeModel(entropy: Double) {
        let decision = Self.decide(EntropyPolicy(threshold: .fixed(100)), entropy: entropy)
        #expect(decision.owner == .llm)
        #expect(decision.rule == .nonFinite)
        #expect(decision.signal == nil)
    }

    /// Vector A5: a heavy tail has 2.207 nats, but 1.984 in its 20 most probable tokens; τ = 2 tells them apart.
    @Test func supportCanFlipTheDecision() {
        let probabilities = [0.4, 0.2, 0.1] + Array(repeating: 0.3 / 22, count: 22)
        let full = Entropy.nats(ofProbabilities: probabilities)
        let top = Entropy.nats(ofProbabilities: probabilities, support: 20)
        let whole = Self.decide(EntropyPolicy(threshold: .fixed(2)), entropy: full, top: top)
        #expect(whole.owner == .llm)
        #expect(whole.signal?.name == .entropy)
        let truncated = Self.decide(EntropyPolicy(threshold: .fixed(2), topEntropySupport: 20), entropy: full, top: top)
        #expect(truncated.owner == .slm)
        #expect(truncated.signal?.name == .topEntropy)
        #expect(abs((truncated.signal?.value ?? 0) - 1.983780007126493) < 1e-9)
    }

    /// Vector B3: one uncertain first token escalates by H_init, but is diluted in the mean of the step.
    @Test func dilution() {
        let entropies = [1.8, 0.02, 0.01, 0.05, 0.12]
        #expect(Self.decide(EntropyPolicy(threshold: .fixed(1)), entropy: entropies[0]).owner == .llm)
        var generation = Generation(tokens: [1, 2, 3, 4, 5], finish: .delimiter, measuredTokens: 5)
        generation.entropySum = entropies.reduce(0, +)
        let draft = StepDraft(decision: StepDecision(.fixed, owner: .slm), generation: generation)
        let kept = DraftMeasureVerifier(measure: .entropy, threshold: 1).review(draft)
        #expect(kept.verdict == .accept)
        #expect(kept.decision?.rule == .draftAccepted)
        #expect(kept.decision?.owner == .slm)
        let review = DraftMeasureVerifier(measure: .entropy, threshold: 0.3).review(draft)
        #expect(review.verdict == .rewrite)
        #expect(review.decision?.owner == .llm)
        #expect(review.decision?.rule == .draftRejected)
        #expect(abs((review.decision?.signal?.value ?? 0) - 0.4) < 1e-12)
    }

    /// Vectors B1 and B2.
    @Test(
        arguments: [
            ([-0.1, -0.7, -0.05, -1.2], 1.6694596313076429), ([-0.6931471805599453, -0.6931471805599453], 2),
        ] as [([Double], Double)])
    func perplexity(logProbabilities: [Double], expected: Double) {
        let generation = Generation(
            tokens: [], finish: .delimiter, logProbability: logProbabilities.reduce(0, +),
            measuredTokens: logProbabilities.count)
        let draft = StepDraft(decision: StepDecision(.fixed, owner: .slm), generation: generation)
        let review = DraftMeasureVerifier(measure: .perplexity, threshold: 0).review(draft)
        #expect(review.verdict == .rewrite)
        #expect(abs((review.decision?.signal?.value ?? 0) - expected) < 1e-12)
        let within = DraftMeasureVerifier(measure: .perplexity, threshold: expected + 1e-9)
        #expect(within.review(draft).verdict == .accept)
    }

    @Test func anEmptyDraftIsAcceptedAndABrokenOneIsNot() {
        let verifier = DraftMeasureVerifier(measure: .entropy, threshold: 1)
        var draft = StepDraft(
            decision: StepDecision(.fixed, owner: .slm), generation: Generation(tokens: [], finish: .endOfText))
        #expect(verifier.review(draft) == .accept())
        draft.generation.measuredTokens = 1
        draft.generation.entropySum = .nan
        #expect(verifier.review(draft) == .rewrite(StepDecision(.nonFinite, owner: .llm, threshold: 1)))
        draft.decision = StepDecision(.firstSteps, owner: .llm)
        #expect(verifier.review(draft) == .accept())
    }

    @Test(arguments: [
        (0.25, [1.0, 2, 3, 4], [Double](), 3.0), (0.25, [], [4, 1, 3, 2], 3), (0.5, [1, 3], [2, 4], 2),
        (0.1, [1, 2, 3], [], 3), (0.99, [1, 2, 3], [], 1), (0.999, [5], [5], 5), (0.3, [], [], 1.0),
        (0.5, [1, 1, 1, 1], [], 1),
    ])
    func quantiles(rate: Double, prior: [Double], observed: [Double], expected: Double) {
        #expect(EntropyThreshold.targetRate(rate).value(prior: prior, observed: observed) == expected)
    }

    /// Against the definition: the least value that at most that share of the sample is above.
    @Test func quantilesByDefinition() {
        for seed in 0..<200 as Range<UInt64> {
            let draw = Randomness(seed: seed, step: 0)
            let sample = (0..<UInt32(1 + seed % 17)).map { (draw.uniform(position: $0) * 8).rounded() / 4 }
            let rate = 0.01 + 0.98 * draw.uniform(position: 99)
            let split = sample.count / 3
            let threshold = EntropyThreshold.targetRate(rate).value(
                prior: sample[..<split].sorted(), observed: Array(sample[split...]))
            func above(_ value: Double) -> Int { sample.count { $0 > value } }
            let allowed = Int(rate * Double(sample.count))
            #expect(above(threshold) <= allowed)
            #expect(sample.filter { $0 < threshold }.allSatisfy { above($0) > allowed })
        }
    }

    @Test func targetRateLearnsFromTheJobItself() {
        let policy = EntropyPolicy(threshold: .targetRate(0.5))
        #expect(Self.decide(policy, entropy: 1.1).threshold == 1)
        let history = [0.1, 0.2, 0.3].enumerated().map { Self.record($0.offset, entropy: $0.element) }
        let decision = Self.decide(policy, entropy: 0.25, history: history)
        #expect(decision.threshold == 0.2)
        #expect(decision.owner == .llm)
        #expect(Self.decide(policy, entropy: 0.25, history: history, prior: [2, 3, 4]).threshold == 0.3)
    }

    @Test func randomDrawsAreThoseOfTheStep() {
        let policy = RandomPolicy(llmShare: 0.3)
        var large = 0
        for step in 0..<10_000 as Range<UInt32> {
            let randomness = Randomness(seed: 9, step: step)
            let decision = policy.decide(StepSituation(history: [], randomness: randomness), signals: nil)
            #expect(decision.signal?.value == randomness.uniform(position: 0, purpose: .routing))
            if decision.owner == .llm { large += 1 }
        }
        #expect((2800...3200).contains(large))
    }

    @Test func firstStepsGoToTheLargeModelWithoutAProbe() {
        let policy = FirstStepsPolicy(count: 2, then: EntropyPolicy(threshold: .fixed(1)))
        var history: [StepRecord] = []
        for index in 0..<3 {
            let step = StepSituation(history: history, randomness: Randomness(seed: 0, step: UInt32(index)))
            #expect(policy.wantsProbe(before: step) == (index == 2))
            if index < 2 { #expect(policy.decide(step, signals: nil).rule == .firstSteps) }
            history.append(Self.record(index, entropy: 0))
        }
        // A continuation is no step of its own.
        history = [Self.record(0, entropy: 0), Self.record(1, entropy: 0)]
        history[1].decision = StepDecision(.continuation, owner: .llm)
        #expect(!policy.wantsProbe(before: StepSituation(history: history, randomness: Randomness(seed: 0, step: 2))))
    }
}
