import Generation
import Testing

@testable import Routing

@Suite struct DriftTests {
    /// A hundred entropies in 0..<1, so that the rank of a value is the value.
    static let prior = (0..<100).map { (Double($0) + 0.5) / 100 }

    static func records(_ entropies: [Double?], owners: String? = nil) -> [StepRecord] {
        entropies.enumerated().map { index, entropy in
            let isLarge = owners.map { Array($0)[index] == "L" } ?? false
            var record = StepRecord(
                index: index, kind: .thinking, decision: StepDecision(.entropyAtMost, owner: isLarge ? .llm : .slm),
                model: "m", text: "\(index)\n\n", tokens: [1], finish: .delimiter)
            if let entropy {
                record.glimpse = StepRecord.Glimpse(
                    entropy: entropy, normalisedEntropy: nil, topEntropy: nil, support: nil, token: 1)
            }
            return record
        }
    }

    @Test func ranks() {
        #expect(DriftDetector.rank(of: 1, in: [], and: []) == 0.5)
        #expect(DriftDetector.rank(of: 2, in: [1, 2, 3], and: []) == 0.5)
        #expect(DriftDetector.rank(of: 2.5, in: [1, 2, 3], and: [4]) == 0.5)
        #expect(DriftDetector.rank(of: 0, in: [1, 2, 3], and: [4]) == 0)
        #expect(DriftDetector.rank(of: 9, in: [1, 2, 3], and: [4]) == 1)
        #expect(DriftDetector.rank(of: 2, in: [2, 2], and: [2, 3]) == 0.375)
    }

    /// Sure, sure, then unsure from step 4 on: each such step adds about a quarter, so the alarm comes at the fourth.
    @Test func theAlarmNamesWhereItBegan() {
        let entropies = [0.1, 0.4, 0.2, 0.3, 0.95, 0.97, 0.96, 0.98, 0.99]
        let detector = DriftDetector()
        for count in 1...7 {
            #expect(detector.firstSuspect(Self.records(Array(entropies[..<count])), prior: Self.prior) == nil)
        }
        // The probe before step 4 saw what step 3 had done.
        #expect(detector.firstSuspect(Self.records(Array(entropies[..<8])), prior: Self.prior) == 3)
        #expect(
            DriftRecovery(maximumRollbacks: 1).recover(
                Self.records(Array(entropies[..<8])), prior: Self.prior, rollbacks: 0, stop: nil) == 3)
        #expect(
            DriftRecovery(maximumRollbacks: 1).recover(
                Self.records(Array(entropies[..<8])), prior: Self.prior, rollbacks: 1, stop: nil) == nil)
    }

    /// Every third step is hard, as in long division: no trend.
    @Test func hardStepsNowAndThenAreNoDrift() {
        let entropies = (0..<60).map { $0 % 3 == 2 ? 0.97 : 0.3 }
        for count in 1...60 {
            let records = Self.records(Array(entropies[..<count]))
            #expect(DriftDetector().firstSuspect(records, prior: Self.prior) == nil)
        }
    }

    @Test func theSumBeginsAnewBehindARollback() {
        var records = Self.records([0.1, 0.95, 0.95, nil, 0.95, 0.95])
        #expect(DriftDetector().firstSuspect(records, prior: Self.prior) == 0)
        records[3].details.rollback = 3
        #expect(DriftDetector().firstSuspect(records, prior: Self.prior) == nil)
    }

    /// Nobody knows what the small model usually does: then the job itself tells.
    @Test func withoutASampleTheJobIsTheYardstick() {
        let entropies = [0.1, 0.2, 0.15, 0.12, 0.18, 0.11, 2, 2.1, 2.2, 2.3, 2.4]
        let records = Self.records(entropies)
        #expect(DriftDetector().firstSuspect(Array(records[..<8]), prior: []) == nil)
        #expect((8...11).contains { DriftDetector().firstSuspect(Array(records[..<$0]), prior: []) == 5 })
        // Without probes the mean entropies of the small model's steps count, and tell of these themselves.
        var means = Self.records(entropies.map { _ in nil })
        for index in means.indices { means[index].meanEntropy = entropies[index] }
        #expect((8...11).contains { DriftDetector().firstSuspect(Array(means[..<$0]), prior: Self.prior) == 6 })
        for index in means.indices { means[index].decision.owner = .llm }
        #expect((1...11).allSatisfy { DriftDetector().firstSuspect(Array(means[..<$0]), prior: []) == nil })
    }

    @Test func whatTheLargeModelWroteStays() {
        let drift = DriftRecovery(maximumRollbacks: 2)
        let entropies = [0.1, 0.2, 0.95, 0.97, 0.96, 0.98]
        func back(_ owners: String) -> Int? {
            drift.recover(Self.records(entropies, owners: owners), prior: Self.prior, rollbacks: 0, stop: nil)
        }
        #expect(back("ssssss") == 1)
        #expect(back("sLLsss") == 3)
        #expect(back("sLLLLL") == nil)
    }

    @Test(arguments: [
        (["a", "b", "x", "x"], ThinkingStop.repeatedStep, 3),
        (["z", "a", "b", "a", "b", "a", "b"], .alternatingSteps, 3),
        (["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"], .recurringStep, 1),
    ])
    func ofALoopTheFirstRoundStays(texts: [String], stop: ThinkingStop, expected: Int) {
        let drift = DriftRecovery(maximumRollbacks: 2)
        var records = ExitRuleTests.records(texts)
        #expect(RepetitionRule().stop(after: records, settings: ReasoningSettings()) == stop)
        #expect(drift.recover(records, prior: [], rollbacks: 0, stop: stop) == expected)
        #expect(drift.recover(records, prior: [], rollbacks: 2, stop: stop) == nil)
        #expect(drift.recover(records, prior: [], rollbacks: 0, stop: .tokenBudget) == nil)
        // A loop of the large model alone is broken where it begins, one of both at the small model's first step.
        for index in records.indices { records[index].decision.owner = .llm }
        #expect(drift.recover(records, prior: [], rollbacks: 0, stop: stop) == expected)
        records[records.count - 1].decision.owner = .slm
        #expect(drift.recover(records, prior: [], rollbacks: 0, stop: stop) == records.count - 1)
    }

    /// The small model loops from its second step on; the large one knows the way. What it wrote in the loop's place
    /// counts, what was given up does not, but is paid for.
    @Test func aLoopIsTakenBack() async throws {
        let loop: @Sendable (ScriptedModel.Place) -> (token: TokenID, entropy: Double) = { place in
            let parts = place.written.split(separator: "\n\n")
            let isNew = place.written.isEmpty || place.written.hasSuffix("\n\n")
            let text = parts.contains("L2!") || parts.contains("L3!") ? "</think>" : parts.isEmpty ? "s1\n\n" : "x1\n\n"
            let tokens = place.vocabulary.encode(text, matchingSpecialTokens: true)
            let begun = isNew ? 0 : (parts.last?.utf8.count ?? 0) + (place.written.hasSuffix("\n") ? 1 : 0)
            return (tokens[min(begun, tokens.count - 1)], 0.1)
        }
        let slm = ScriptedModel(name: "small", vocabulary: ScriptedVocabulary(), behaviour: loop)
        let llm = script("large", steps: (0..<9).map { "L\($0)!\n\n" }, answer: "9")
        let run = try await run("glimprouter", #"{"drift": "rollback"}"#, slm: slm, llm: llm)
        #expect(run.thinking.map(\.text) == ["s1\n\n", "x1\n\n", "x1\n\n", "L2!\n\n", "</think>"])
        #expect(run.thinking[3].decision == StepDecision(.rollback, owner: .llm))
        #expect(run.thinking.map(\.details.rollback) == [nil, nil, nil, 2, nil])
        #expect(run.records.live.map(\.index) == [0, 1, 3, 4, 5])
        #expect(run.outcome.thinkingStop == .thinkingEnd && run.outcome.answer == "9")
        let read = llm.scripted.text(of: try #require(llm.generations.last).context)
        #expect(read == "Q<think>s1\n\nx1\n\nL2!\n\n</think>")
        #expect(run.outcome.slm.thinkingTokens == 4 + 4 + 1 && run.outcome.slm.discardedTokens == 4)
        #expect(run.outcome.llm.steps == 1 && run.outcome.slm.steps == 3)
        // Without the option the loop ends the thinking.
        let plain = try await again("glimprouter", "", slm, llm)
        #expect(plain.outcome.thinkingStop == .repeatedStep)
    }

    private func again(
        _ strategy: String, _ parameters: String, _ slm: ScriptedModel, _ llm: ScriptedModel
    ) async throws -> Run {
        try await run(strategy, parameters, slm: slm, llm: llm)
    }

    /// A model that says the same for ever is taken back twice; then the loop ends the thinking.
    @Test(arguments: ["slm", "llm", "glimprouter", "specreason"])
    func rollbacksAreBounded(strategy: String) async throws {
        let same = Array(repeating: "x\n\n", count: 50)
        let slm = script("small", steps: same)
        let llm = script("large", steps: same, opinion: grades { _ in 9 })
        let run = try await run(strategy, #"{"drift": "rollback", "max_rollbacks": 3}"#, slm: slm, llm: llm)
        #expect(run.outcome.thinkingStop == .repeatedStep)
        #expect(run.thinking.count { $0.details.rollback != nil } == 3)
        #expect(run.outcome.slm.thinkingTokens + run.outcome.llm.thinkingTokens == run.records.live.thinkingTokens)
        let written = run.outcome.slm.work.decodedTokens + run.outcome.llm.work.decodedTokens
        #expect(written >= run.thinking.reduce(0) { $0 + $1.tokens.count })
    }

    /// What was given up counts for the budgets.
    @Test func budgetsCountWhatWasGivenUp() async throws {
        let same = Array(repeating: "x\n\n", count: 50)
        let parameters = #"{"drift": "rollback", "max_rollbacks": 100, "max_thinking_tokens": 20}"#
        let run = try await run(
            "glimprouter", parameters, slm: script("small", steps: same), llm: script("large", steps: same))
        #expect(run.thinking.reduce(0) { $0 + $1.tokens.count } == 20)
        #expect([.tokenBudget, .repeatedStep].contains(run.outcome.thinkingStop))
    }

    @Test func theLargeModelGoesOnUntilTheSmallOneIsSure() {
        let policy = RecoveringPolicy(rest: EntropyPolicy(threshold: .fixed(5)))
        var history = Self.records([0.1, 0.2, nil], owners: "ssL")
        func choice(_ entropy: Double) -> StepDecision {
            let step = StepSituation(
                history: history, randomness: Randomness(seed: 0, step: 9), priorEntropies: Self.prior)
            return policy.decide(step, signals: DistributionSignals(entropy: entropy, logVocabulary: 9))
        }
        #expect(choice(0.9).rule == .entropyAtMost)
        history[2].details.rollback = 2
        #expect(choice(0.9).rule == .rollback && choice(0.9).owner == .llm)
        #expect(choice(0.9).signal?.name == .entropyRank && choice(0.9).threshold == 0.7)
        #expect(choice(0.3).rule == .entropyAtMost)
        history += Self.records([0.9, 0.9], owners: "LL").map { record in
            var copy = record
            copy.index += 3
            return copy
        }
        #expect(choice(0.9).rule == .entropyAtMost)
    }
}
