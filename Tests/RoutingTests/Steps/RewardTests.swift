import Foundation
import Generation
import Testing

@testable import Routing

@Suite struct RewardTests {
    static let small = ["s0.\n\n", "s1.\n\n", "s2.\n\n", "</think>"]
    static let large = ["L0!\n\n", "L1!\n\n", "L2!\n\n", "</think>"]

    static func sigmoid(_ raw: Double) -> Double { 1 / (1 + exp(-raw)) }

    /// Vector C2; ln(7/3) itself is right at the boundary, where a rounding of the sigmoid decides.
    @Test(arguments: [(-1.0, false), (0, false), (0.8, false), (0.85, true), (2, true)])
    func atDelta(raw: Double, kept: Bool) {
        let verifier = RewardVerifier(delta: 0.7)
        let decision = verifier.decide(
            .init(.reward, Self.sigmoid(raw)), boundary: 0.7, randomness: Randomness(seed: 1, step: 0))
        #expect(decision.owner == (kept ? .slm : .llm))
        #expect(decision.rule == (kept ? .rewardAtLeast : .rewardBelow))
        let boundary = verifier.decide(.init(.reward, 0.7), boundary: 0.7, randomness: Randomness(seed: 1, step: 0))
        #expect(boundary.owner == .slm)
        #expect(abs(Self.sigmoid(0.8472978603872037) - 0.7) < 1e-12)
    }

    @Test func weights() {
        for (weight, expected) in [
            (RewardWeight.threshold, 1.0), (.constant, 0.7), (.clipped, 0.75),
            (.sigmoid, 0.679178699175393), (.logistic, 0.6224593312018545),
        ] {
            #expect(abs(weight.probability(of: 0.75, delta: 0.7) - expected) < 1e-12, "\(weight)")
        }
        #expect(RewardWeight.clipped.probability(of: -3, delta: 0.7) == 0)
        #expect(RewardWeight.clipped.probability(of: 3, delta: 0.7) == 1)
    }

    /// A weight of 0.3 keeps three drafts in ten, by the draws of the steps.
    @Test func drawsAreThoseOfTheStep() {
        let verifier = RewardVerifier(delta: 0.7, weight: .clipped)
        var kept = 0
        for step in 0..<10_000 as Range<UInt32> {
            let randomness = Randomness(seed: 5, step: step)
            let decision = verifier.decide(.init(.reward, 0.3), boundary: 0.7, randomness: randomness)
            #expect(decision.signal == .init(.draw, randomness.uniform(position: 0, purpose: .routing)))
            #expect(decision.threshold == 0.3)
            #expect(decision.rule == (decision.owner == .slm ? .rewardDrawn : .rewardRefused))
            if decision.owner == .slm { kept += 1 }
        }
        #expect((2800...3200).contains(kept))
    }

    @Test func theHeadOfTheScorer() async throws {
        let slm = script("small", steps: Self.small)
        let llm = script("large", steps: Self.large)
        let scorer = script("scorer", steps: [], heads: ["prm": { $0.written.contains("s1.") ? 0.69 : 0.7 }])
        let run = try await run("rsd", slm: slm, llm: llm) { $0.scorer = Assistant(model: scorer, head: "prm") }
        #expect(run.owners == "sLss")
        #expect(run.thinking.map(\.decision.rule) == [.rewardAtLeast, .rewardBelow, .rewardAtLeast, .rewardAtLeast])
        #expect(
            run.thinking[1].decision
                == StepDecision(.rewardBelow, owner: .llm, signal: .init(.reward, 0.69), threshold: 0.7))
        #expect(run.thinking[1].discarded.slm == 5)
        #expect(run.thinking[1].details.review == .init(model: scorer.identity, values: [0.69], kept: nil))
        #expect(scorer.probes.map(\.heads) == Array(repeating: ["prm"], count: 4))
        #expect(scorer.probes.allSatisfy { $0.sequence == SessionSequences(session: 7).scorer })
        #expect(scorer.scripted.text(of: scorer.probes[0].context) == "Q<think>s0.\n\n")
        #expect(llm.probes.isEmpty)
        #expect(run.outcome.review.prefillTokens == scorer.probes.reduce(0) { $0 + $1.context.count })
        #expect(scorer.closed == [SessionSequences(session: 7).scorer])
    }

    @Test(arguments: [true, false])
    func theLargeModelsLogProbability(alike: Bool) async throws {
        let theirs = alike ? ScriptedVocabulary() : ScriptedVocabulary(["s0", "."], shift: 3)
        let slm = script("small", steps: Self.small)
        // 0.8 per token, but for the step that it finds improbable.
        let llm = script(
            "large", steps: Self.large, vocabulary: theirs,
            opinion: { _, place in place.written.hasSuffix("s1") ? -4 : -0.22314355131420976 })
        let run = try await run("rsd", slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        let first = run.thinking[0].decision
        #expect(first.rule == .rewardAtLeast && first.signal?.name == .llmLogProbability)
        #expect(abs((first.signal?.value ?? 0) + 0.22314355131420976) < 1e-12)
        #expect(abs((first.threshold ?? 0) + 0.35667494393873245) < 1e-12)
        #expect(llm.probes.map(\.scoredTokens) == (alike ? [5, 5, 5, 1] : [4, 5, 5, 1]))
        #expect(llm.probes.allSatisfy { $0.sequence == SessionSequences(session: 7).llm })
        // A pair with a scorer can be told to do without it, and the floor can be moved.
        let lenient = try await again(
            #"{"scorer": "logprob", "logprob_floor": -2}"#, script("small", steps: Self.small), llm)
        #expect(lenient.owners == "ssss")
        #expect(lenient.thinking[0].decision.threshold == -2)
    }

    private func again(_ parameters: String, _ slm: ScriptedModel, _ llm: ScriptedModel) async throws -> Run {
        try await run("rsd", parameters, slm: slm, llm: llm) {
            $0.scorer = Assistant(model: llm, head: "prm")
        }
    }

    @Test func withoutAFiniteRewardTheLargeModelWrites() async throws {
        let slm = script("small", steps: Self.small)
        let scorer = script("scorer", steps: [], heads: ["prm": { _ in .nan }])
        let run = try await run("rsd", slm: slm, llm: script("large", steps: Self.large)) {
            $0.scorer = Assistant(model: scorer, head: "prm")
        }
        #expect(run.owners == "LLLL")
        #expect(run.thinking.allSatisfy { $0.decision.rule == .nonFinite && $0.decision.signal == nil })
        #expect(run.outcome.review.prefillTokens > 0)
    }

    @Test func aHeadMustBeThere() {
        let model = script("one", steps: [])
        let error = #expect(throws: SpecificationError.self) {
            try ReasoningSession(
                specification: JobSpecification(prompt: "Q", strategy: "rsd", parameters: #"{"scorer": "head"}"#),
                pair: ModelPair(name: "pair", slm: model, llm: model), sequences: SessionSequences(session: 1))
        }
        #expect(error?.key == "parameters.scorer")
    }
}
