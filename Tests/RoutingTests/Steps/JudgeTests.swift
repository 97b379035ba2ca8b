import Generation
import Testing

@testable import Routing

@Suite struct JudgeTests {
    static let small = ["s0.\n\n", "s1.\n\n", "s2.\n\n", "</think>"]
    static let large = ["L0!\n\n", "L1!\n\n", "L2!\n\n", "</think>"]

    static func top(_ entries: [(String, Double)], in vocabulary: ScriptedVocabulary) -> [DistributionSignals
        .TokenProbability]
    {
        entries.map { .init(token: vocabulary.token($0.0), logProbability: $0.1) }
    }

    /// Vector C1.
    @Test func gradesFromTheMostProbableTokens() {
        let vocabulary = ScriptedVocabulary(["Hmm", " 7"])
        let top = Self.top([("7", -0.3), ("8", -1.6), ("6", -3), ("Hmm", -4), ("9", -5)], in: vocabulary)
        #expect(JudgeScore.greedy.grade(top, vocabulary: vocabulary) == 7)
        #expect(abs(JudgeScore.average.grade(top, vocabulary: vocabulary) - 7.165711324989761) < 1e-12)
        let words = Self.top([("Hmm", -0.1), ("9", -3)], in: vocabulary)
        #expect(JudgeScore.greedy.grade(words, vocabulary: vocabulary) == 0)
        #expect(JudgeScore.average.grade(words, vocabulary: vocabulary) == 9)
        let none = Self.top([("Hmm", -0.1), ("x", -3)], in: vocabulary)
        #expect(JudgeScore.greedy.grade(none, vocabulary: vocabulary) == 0)
        #expect(JudgeScore.average.grade(none, vocabulary: vocabulary) == 0)
        #expect(JudgeScore.greedy.grade(Self.top([(" 7", -0.1)], in: vocabulary), vocabulary: vocabulary) == 7)
        #expect(JudgeScore.greedy.grade([], vocabulary: vocabulary) == 0)
    }

    @Test(arguments: ["llm-judge", "specreason"])
    func theLargeModelJudgesInItsOwnSequence(strategy: String) async throws {
        let slm = script("small", steps: Self.small)
        let llm = script("large", steps: Self.large, answer: "9", opinion: grades { $0 == "s1." ? 6 : 7 })
        let run = try await run(strategy, slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        #expect(run.text == "s0.\n\nL1!\n\ns2.\n\n</think>")
        #expect(run.thinking.map(\.decision.rule) == [.scoreAtLeast, .scoreBelow, .scoreAtLeast, .scoreAtLeast])
        #expect(run.thinking.map { $0.decision.signal?.value } == [7, 6, 7, 7])
        #expect(run.thinking.allSatisfy { $0.decision.threshold == 7 && $0.decision.signal?.name == .judgeScore })
        #expect(run.thinking.map { $0.details.review?.kept } == [0, nil, 0, 0])
        #expect(run.thinking[1].details.review?.values == [6])
        #expect(run.thinking[1].details.review?.model == "large")
        #expect(run.thinking[1].discarded.slm == 5)
        #expect(run.outcome.slm.discardedTokens == 5 && run.outcome.slm.thinkingTokens == 11)
        #expect(llm.probes.count == 4 && slm.probes.isEmpty)
        #expect(llm.probes.allSatisfy { $0.sequence == SessionSequences(session: 7).llm && $0.topCount == 10 })
        let asked = llm.scripted.text(of: llm.probes[1].context)
        #expect(asked.hasPrefix("Q<think>s0.\n\ns1.\n\n<ask>Grade only the last step"))
        #expect(asked.hasSuffix("<reply>The score of the last step from 0 to 9: "))
        #expect(run.outcome.review.prefillTokens == llm.probes.reduce(0) { $0 + $1.context.count })
        #expect(run.outcome.llm.work.prefillTokens == llm.generations.reduce(0) { $0 + $1.context.count })
        #expect(run.outcome.answer == "9")
    }

    @Test func thetaAndAverage() async throws {
        let slm = script("small", steps: Self.small)
        // Two digits of the same weight: the mean is 5.5, the smaller id is the most probable.
        let llm = script(
            "large", steps: Self.large,
            opinion: { token, place in ["5", "6"].contains { token == place.vocabulary.token($0) } ? -1 : -9 })
        let run = try await run("specreason", #"{"score": "average", "theta": 5.4}"#, slm: slm, llm: llm)
        #expect(run.owners == "ssss")
        #expect(abs((run.thinking[0].decision.signal?.value ?? 0) - 5.5) < 1e-9)
        let strict = try await again("specreason", #"{"score": "greedy", "theta": 5.5}"#, slm, llm)
        #expect(strict.owners == "LLLL")
        #expect(strict.thinking[0].decision.signal?.value == 5)
    }

    private func again(
        _ strategy: String, _ parameters: String, _ slm: ScriptedModel, _ llm: ScriptedModel
    ) async throws -> Run {
        try await run(strategy, parameters, slm: slm, llm: llm)
    }

    @Test func aJudgeOfItsOwn() async throws {
        let slm = script("small", steps: Self.small)
        let llm = script("large", steps: Self.large)
        let judge = script("judge", steps: [], opinion: grades { $0 == "s2." ? 2 : 9 })
        let run = try await run("llm-judge", slm: slm, llm: llm) {
            $0.judge = Assistant(model: judge, question: "How good?", prefill: "It is ")
        }
        #expect(run.owners == "ssLs")
        #expect(llm.probes.isEmpty && judge.probes.count == 4)
        #expect(judge.probes.allSatisfy { $0.sequence == SessionSequences(session: 7).judge })
        #expect(judge.scripted.text(of: judge.probes[0].context) == "Q<think>s0.\n\n<ask>How good?<reply>It is ")
        #expect(judge.closed == [SessionSequences(session: 7).judge])
        #expect(run.thinking[2].details.review == .init(model: judge.identity, values: [2], kept: nil))
    }

    @Test func unlikeVocabularies() async throws {
        let theirs = ScriptedVocabulary(["s0", ".\n\n", "s2."], shift: 13)
        let slm = script("small", steps: Self.small, vocabulary: ScriptedVocabulary(["s1", ".\n\n"]))
        let llm = script("large", steps: Self.large, vocabulary: theirs, opinion: grades { $0 == "s1." ? 1 : 8 })
        let run = try await run("specreason", slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        #expect(llm.probes[0].context.starts(with: theirs.encode("Q<think>s0.\n\n<ask>", matchingSpecialTokens: false)))
        // The tag is graded as the large model reads it.
        #expect(llm.probes[3].context.contains(try #require(theirs.thinkingEnd)))
    }

    @Test func whatTheJudgeCannotReadGoesToTheLargeModel() async throws {
        let slm = script("small", steps: Self.small)
        let judge = script("judge", steps: [], contextLength: 60, opinion: grades { _ in 9 })
        let run = try await run("llm-judge", slm: slm, llm: script("large", steps: Self.large)) {
            $0.judge = Assistant(model: judge, question: "Is that step right, or is it wrong?", prefill: "")
        }
        #expect(run.owners == "sLLL" || run.owners == "LLLL")
        #expect(run.thinking.last?.decision.rule == .nonFinite)
        #expect(judge.probes.allSatisfy { $0.context.count < 60 })
    }

    @Test func firstStepsAndEmptyDraftsAreNotJudged() async throws {
        let slm = script("small", steps: ["s0.\n\n", "s1.\n\n", "<eos>"])
        let llm = script("large", steps: Self.large, opinion: grades { _ in 7 })
        let run = try await run("specreason", #"{"first_llm_steps": 1}"#, slm: slm, llm: llm)
        #expect(run.owners == "Lss")
        #expect(run.thinking.map(\.decision.rule) == [.firstSteps, .scoreAtLeast, .fixed])
        #expect(llm.probes.count == 1)
        #expect(run.outcome.thinkingStop == .endOfText)
    }

    /// Once the large model has had its share nobody asks it.
    @Test func aSpentShareNeedsNoJudge() async throws {
        let slm = script("small", steps: Self.small)
        let llm = script("large", steps: Self.large, opinion: grades { _ in 0 })
        let run = try await run("specreason", #"{"max_llm_share": 0.6}"#, slm: slm, llm: llm)
        #expect(run.owners == "Lsss" || run.owners == "LsLs")
        let spent = run.thinking.filter { $0.decision.rule == .shareSpent }
        #expect(!spent.isEmpty && spent.allSatisfy { $0.details.review == nil && $0.owner == .slm })
        #expect(llm.probes.count == run.thinking.count - spent.count)
    }

    /// Where only the large model was to write, the small one goes on behind its share.
    @Test(arguments: [0, 0.5]) func theSmallModelTakesOver(share: Double) async throws {
        for strategy in ["llm", "deer"] {
            let slm = script("small", steps: Self.small)
            let llm = script("large", steps: Self.large)
            let run = try await run(strategy, #"{"max_llm_share": \#(share)}"#, slm: slm, llm: llm)
            #expect(run.owners.contains("s") && run.owners.hasPrefix(share == 0 ? "s" : "L"), "\(strategy)")
            #expect(run.thinking.allSatisfy { ($0.decision.rule == .shareSpent) == ($0.owner == .slm) })
        }
    }

    /// SpecReason's own end: the tag is nothing, the step with the marker is the answer.
    @Test func nativeTermination() async throws {
        let slm = Self.reciter(["s0.\n\n", "x</think>y\n\n", "Answer: 5\n\n", "never\n\n"])
        let llm = script("large", steps: Self.large, opinion: grades { _ in 9 })
        let run = try await run("specreason", #"{"native": true}"#, slm: slm, llm: llm)
        #expect(run.text == "s0.\n\nxy\n\nAnswer: 5\n\n")
        #expect(run.thinking[1].discarded.slm == 1)
        #expect(run.outcome.thinkingStop == .answerMarker)
        #expect(run.outcome.answer == "Answer: 5")
        let last = try #require(run.records.last)
        #expect(last.decision == StepDecision(.lastStep, owner: .slm) && last.tokens.isEmpty)
        #expect(llm.generations.isEmpty)
        #expect(run.outcome.slm.thinkingTokens == 5 + 4 + 11 && run.outcome.slm.answerTokens == 0)
        // In the common skeleton the tag ends the thinking and the large model answers.
        let common = try await aCommonRun()
        #expect(common.text == "s0.\n\nx</think>")
        #expect(common.outcome.answer == "42")
    }

    /// Writes steps by heart, whatever they are, and knows its place by the blank lines.
    private static func reciter(_ steps: [String]) -> ScriptedModel {
        ScriptedModel(name: "small", vocabulary: ScriptedVocabulary()) { place in
            let parts = place.written.split(separator: "\n\n", omittingEmptySubsequences: false)
            let text = steps[parts.count - 1]
            let begun = parts.last ?? ""
            // The tag that was left out of an earlier record stands in this one until it is whole.
            return (
                place.vocabulary.encode(text, matchingSpecialTokens: true)[
                    place.vocabulary.encode(String(begun), matchingSpecialTokens: true).count], 0
            )
        }
    }

    private func aCommonRun() async throws -> Run {
        let slm = script("small", steps: ["s0.\n\n", "x</think>y\n\n"])
        return try await run(
            "specreason", slm: slm, llm: script("large", steps: Self.large, opinion: grades { _ in 9 }))
    }

    @Test func theTagSpelledOutIsLeftOut() {
        let vocabulary = ScriptedVocabulary([">\n\n"], hasThinkingEnd: false)
        func left(_ text: String) -> String {
            let tokens = vocabulary.encode(text, matchingSpecialTokens: false)
            return vocabulary.text(
                of: ThinkingEnd.left(out: Generation(tokens: tokens, finish: .delimiter), vocabulary: vocabulary).tokens
            )
        }
        #expect(left("a</think>b</think>\n") == "ab\n")
        #expect(left("a</think>\n\n") == "a</think>\n\n")
        #expect(left("</thin") == "</thin")
    }

    @Test func markersMayBeCut() {
        var records = ExitRuleTests.records(["so Ans", "wer: 5\n\n"])
        records[0].finish = .length
        records[1].decision = StepDecision(.continuation, owner: .slm)
        let settings = ReasoningSettings()
        #expect(AnswerMarkerRule().stop(after: records, settings: settings) == .answerMarker)
        #expect(AnswerMarkerRule().stop(after: [records[0]], settings: settings) == nil)
        records[1].finish = .length
        #expect(AnswerMarkerRule().stop(after: records, settings: settings) == nil)
    }
}
