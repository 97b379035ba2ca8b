import Generation
import Testing

@testable import Routing

@Suite struct HysteresisTests {
    static func history(_ owner: StepOwner?) -> [StepRecord] {
        guard let owner else { return [] }
        var record = PolicyTests.record(0, entropy: 1)
        record.decision.owner = owner
        return [record]
    }

    /// τ = 1, h = 0.25: up above 1.25, down at or below 0.75, the first step at 1.
    @Test(
        arguments: [
            (nil, 1.0, .slm, .entropyAtMost, 1.0), (nil, 1.1, .llm, .entropyAbove, 1),
            (.slm, 1.25, .slm, .staysOwner, 1.25), (.slm, 1.25.nextUp, .llm, .entropyAbove, 1.25),
            (.slm, 0.9, .slm, .entropyAtMost, 1.25), (.llm, 0.75, .slm, .entropyAtMost, 0.75),
            (.llm, 0.75.nextUp, .llm, .staysOwner, 0.75), (.llm, 1.1, .llm, .entropyAbove, 0.75),
        ] as [(StepOwner?, Double, StepOwner, StepDecision.Rule, Double)])
    func twoThresholds(
        previous: StepOwner?, entropy: Double, owner: StepOwner, rule: StepDecision.Rule, threshold: Double
    ) {
        var policy = EntropyPolicy(threshold: .fixed(1))
        policy.hysteresis = 0.25
        let decision = PolicyTests.decide(policy, entropy: entropy, history: Self.history(previous))
        #expect(
            decision == StepDecision(rule, owner: owner, signal: .init(.entropy, entropy), threshold: threshold))
        // Without it the owner before does not matter.
        policy.hysteresis = 0
        let plain = PolicyTests.decide(policy, entropy: entropy, history: Self.history(previous))
        #expect(plain.owner == (entropy > 1 ? .llm : .slm) && plain.threshold == 1)
    }

    @Test func theOfficialComparisonAtBothThresholds() {
        var policy = EntropyPolicy(threshold: .fixed(1), comparison: .atLeast)
        policy.hysteresis = 2
        #expect(PolicyTests.decide(policy, entropy: 3, history: Self.history(.slm)).owner == .llm)
        #expect(PolicyTests.decide(policy, entropy: 3.nextDown, history: Self.history(.slm)).rule == .staysOwner)
        // The lower threshold is not below 0.
        let back = PolicyTests.decide(policy, entropy: 0, history: Self.history(.llm))
        #expect(back.threshold == 0 && back.owner == .llm)
    }

    /// Around e^-6 and around 1, one in four.
    static let twoHeaps: [Double] = {
        let low = (0..<30).map { 0.002 + 0.0001 * Double($0) }
        let high = (0..<10).map { 0.8 + 0.04 * Double($0) }
        return low + high
    }()

    @Test func posterior() throws {
        let prior = Self.twoHeaps
        let mixture = try #require(GaussianMixture.ofEntropies(prior))
        func decide(_ entropy: Double, _ mixture: GaussianMixture?) -> StepDecision {
            PosteriorPolicy(threshold: 0.5).decide(
                StepSituation(
                    history: [], randomness: Randomness(seed: 0, step: 0), priorEntropies: prior,
                    priorMixture: mixture),
                signals: DistributionSignals(entropy: entropy, logVocabulary: 9))
        }
        let sure = decide(0.003, mixture)
        #expect(sure.rule == .posteriorAtMost && sure.owner == .slm && sure.threshold == 0.5)
        #expect(sure.signal == .init(.posterior, mixture.posterior(ofEntropy: 0.003)))
        let unsure = decide(1, mixture)
        #expect(unsure.rule == .posteriorAbove && unsure.owner == .llm && (unsure.signal?.value ?? 0) > 0.9)
        #expect(decide(.nan, mixture).rule == .nonFinite && decide(.nan, mixture).owner == .llm)
        #expect(decide(1, nil).rule == .nonFinite)
    }

    @Test func posteriorInASession() async throws {
        let prior = Self.twoHeaps
        let slm = script("small", steps: SessionTests.small, entropies: [0.003, 1, 0.003, 0])
        let llm = script("large", steps: SessionTests.large)
        let run = try await run("glimprouter", #"{"posterior": 0.5}"#, slm: slm, llm: llm, prior: prior)
        #expect(run.owners == "sLss")
        let error = await #expect(throws: SpecificationError.self) {
            try await Self.unprepared(slm, llm)
        }
        #expect(error?.key == "parameters.posterior")
    }

    private static func unprepared(_ slm: ScriptedModel, _ llm: ScriptedModel) async throws {
        _ = try await run("glimprouter", #"{"posterior": 0.5}"#, slm: slm, llm: llm, prior: [1, 2])
    }
}
