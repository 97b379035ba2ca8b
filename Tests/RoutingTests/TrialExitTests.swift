import Generation
import Testing

@testable import Routing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// DEER: when a trial is made, how sure it is, what becomes of it.
@Suite struct TrialExitTests {
    static let words = ScriptedVocabulary(["\n\n", "Wait", "Alternatively"])

    /// METHODS D.
    @Test func confidences() {
        func value(_ policy: TrialConfidence, _ probabilities: [Double]) -> Double {
            policy.value(ofLogProbabilities: probabilities.map { log($0) }, skippingFirst: true)
        }
        let first = [0.5, 0.99, 0.97, 0.90], second = [0.4, 0.99, 0.98, 0.97]
        #expect(abs(value(.arithmetic, first) - 0.9533333333333333) < 1e-12)
        #expect(abs(value(.geometric, first) - 0.9525398334138193) < 1e-12)
        #expect(abs(value(.minimum, first) - 0.9) < 1e-12)
        #expect(abs(value(.arithmetic, second) - 0.98) < 1e-12)
        #expect(abs(value(.geometric, second) - 0.9799659852139534) < 1e-12)
        #expect(TrialConfidence.geometric.value(ofLogProbabilities: [log(0.5)], skippingFirst: true) == 0)
        #expect(TrialConfidence.minimum.value(ofLogProbabilities: []) == 0)
        #expect(TrialConfidence.geometric.value(ofLogProbabilities: [-.infinity, 0]) == 0)
    }

    /// Writes given steps; behind a closed thought answers two tokens, the sureness of the second growing with the
    /// number of steps.
    static func model(
        _ name: String, _ letter: String, _ steps: [String], sureness: [Double], words: ScriptedVocabulary = words,
        opening: String = "</think>"
    ) -> TableModel {
        TableModel(name, words) { context in
            let text = words.text(of: context)
            let thoughts = text.split(separator: "<think>", maxSplits: 1, omittingEmptySubsequences: false).last ?? ""
            let parts = thoughts.split(separator: opening, omittingEmptySubsequences: false)
            let count = parts[0].split(separator: "\n\n", omittingEmptySubsequences: false).count - 1
            if parts.count > 1 {
                switch parts[1].utf8.count {
                case 0: return .init(table: [(words.token(letter), 1)])
                case 1:
                    let p = sureness[min(count, sureness.count - 1)]
                    return .init(table: [(words.token("!"), p), (words.token("?"), 1 - p)])
                default: return .init(table: [(opening == "{" ? words.token("}") : words.endOfTextToken, 1)])
                }
            }
            let begun = parts[0].split(separator: "\n\n", omittingEmptySubsequences: false).last ?? ""
            let step = words.encode(count < steps.count ? steps[count] : "</think>", matchingSpecialTokens: true)
            let done = words.encode(String(begun), matchingSpecialTokens: true).count
            return .init(table: [(step[min(done, step.count - 1)], 1)])
        }
    }

    static let steps = ["one\n\n", "Wait, two\n\n", "three\n\n", " Alternatively\n\n", "five\n\n"]

    @Test func trialsStandBeforeTurns() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [0.5, 0.6, 0.7, 0.97, 0.99])
        let run = try await run("deer", "", slm: llm, llm: llm)
        // The geometric mean of 1 and 0.97 is 0.985.
        #expect(run.thinking.map { $0.details.trial?.exits } == [false, nil, true])
        let trials = run.thinking.compactMap(\.details.trial)
        try #require(trials.count == 2)
        #expect(abs(trials[0].confidence - 0.6.squareRoot()) < 1e-12)
        #expect(abs(trials[1].confidence - 0.97.squareRoot()) < 1e-12)
        #expect(trials[0].answer == "L!" && trials[0].owner == .llm && trials[0].threshold == 0.95)
        #expect(run.outcome.thinkingStop == .confidentAnswer)
        #expect(run.text == "one\n\nWait, two\n\nthree\n\n")
        #expect(run.outcome.answer == "L!")
        // Looks cost too; trials are no tokens of the thoughts.
        #expect(run.thinking[1].cost.llmTrial.decodedTokens > 0)
        #expect(run.outcome.llm.discardedTokens == 0)
        #expect(run.thinking[0].cost.slmTrial == ModelWork())
    }

    @Test func theNextStepIsDrawnAsItWillBe() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [0.6])
        let run = try await run("deer", "", slm: llm, llm: llm)
        #expect(run.outcome.thinkingStop == .thinkingEnd)
        #expect(run.thinking.count == 6)
        let looks = llm.generations.filter { $0.maximumTokens == 2 }
        #expect(looks.map(\.randomness.step) == [1, 2, 3, 4, 5])
        for look in looks {
            #expect(llm.generations.contains { $0.context == look.context && $0.randomness == look.randomness })
        }
    }

    @Test func withoutWordsEveryBoundaryIsTried() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [0.5, 0.6])
        let all = try await run("deer", #"{"exit_words": []}"#, slm: llm, llm: llm)
        #expect(all.thinking.map { $0.details.trial != nil } == [true, true, true, true, true, false])
        let two = try await run("deer", #"{"exit_words": [], "exit_trials": 2}"#, slm: llm, llm: llm)
        #expect(two.thinking.map { $0.details.trial != nil } == [true, true, false, false, false, false])
    }

    @Test func theThresholdItselfGoesOn() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [0.6])
        let parameters = #"{"exit_words": [], "exit_policy": "minimum", "exit_confidence": "#
        let least = exp(log(0.6))
        #expect(
            try await run("deer", parameters + "\(least)}", slm: llm, llm: llm).outcome.thinkingStop == .thinkingEnd)
        #expect(
            try await run("deer", parameters + "\(least.nextDown)}", slm: llm, llm: llm).outcome.thinkingStop
                == .confidentAnswer)
    }

    /// A model that answers with three tokens has not answered within two.
    @Test(arguments: [true, false]) func aTrialMustComeToItsEnd(mustEnd: Bool) async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [1])
        func go(_ tokens: Int) async throws -> Run {
            try await run(
                "deer", #"{"exit_words": [], "exit_must_end": \#(mustEnd), "exit_trial_tokens": \#(tokens)}"#, slm: llm,
                llm: llm)
        }
        #expect(try await go(3).outcome.thinkingStop == .confidentAnswer)
        #expect(try await go(2).outcome.thinkingStop == (mustEnd ? .thinkingEnd : .confidentAnswer))
    }

    @Test func anInducerMayOpenABrace() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [0.5], opening: "{")
        let run = try await run(
            "deer", #"{"exit_words": [], "exit_inducer": "box{", "exit_trial_tokens": 9}"#, slm: llm, llm: llm)
        // The first token is left out, the closing brace is part of the trial: √(0.5 · 1).
        let trial = try #require(run.thinking[0].details.trial)
        #expect(trial.answer == "L!}" || trial.answer == "L?}")
        #expect(abs(trial.confidence - 0.5.squareRoot()) < 1e-12)
        let request = try #require(llm.generations.first { $0.stop.delimiter == Array("}".utf8) })
        #expect(request.sampling == .greedy && request.maximumTokens == 9)
        #expect(Self.words.text(of: request.context).hasSuffix("one\n\nbox{"))
    }

    @Test func theTagInAnInducerIsTheToken() async throws {
        let llm = Self.model("large", "L", Self.steps, sureness: [1])
        _ = try await run("deer", #"{"exit_words": [], "exit_inducer": "a</think>"}"#, slm: llm, llm: llm)
        let trial = try #require(llm.generations.first { $0.sampling == .greedy })
        #expect(trial.context.last == Self.words.token("</think>"))
        #expect(trial.context.dropLast().last == Self.words.token("a"))
    }

    @Test(arguments: [true, false]) func theLargeModelConfirmsTheSmallOne(alike: Bool) async throws {
        let theirs = alike ? Self.words : ScriptedVocabulary(["ne"], shift: 9)
        func go(_ sure: Double) async throws -> (Run, TableModel) {
            let slm = Self.model("small", "L", Self.steps, sureness: [0.99])
            let llm = Self.model("large", "L", Self.steps, sureness: [sure], words: theirs)
            return (
                try await run(
                    "glimprouter", #"{"tau": 9, "exit_confidence": 0.9, "exit_words": []}"#, slm: slm, llm: llm), llm
            )
        }
        let (calm, _) = try await go(0.5)
        #expect(calm.outcome.thinkingStop == .thinkingEnd)
        #expect(abs((calm.thinking[0].details.trial?.confidence ?? 0) - 0.5.squareRoot()) < 1e-12)
        let (sure, llm) = try await go(0.9)
        #expect(sure.outcome.thinkingStop == .confidentAnswer)
        #expect(sure.thinking.count == 1)
        #expect(sure.thinking[0].details.trial?.owner == .slm)
        #expect(sure.thinking[0].cost.slmTrial.decodedTokens == 3)
        let probe = try #require(llm.probes.first)
        #expect(theirs.text(of: probe.context) == "Q<think>one\n\n</think>L!")
        #expect(probe.scoredTokens == 2)
    }

    @Test func nobodyIsAskedAtTheEndOfAWindow() async throws {
        let words = Self.words, window = 80
        let start = words.encode("Q<think>", matchingSpecialTokens: false).count
        let llm = TableModel("large", words, contextLength: window) { context in
            let place = context.count - start
            return .init(table: [(words.token(place % 6 == 5 ? "\n\n" : ["a", "b", "c"][place * place / 6 % 3]), 1)])
        }
        // No request asks for more than the window holds: the double would not let it pass.
        let run = try await run("deer", #"{"exit_words": [], "exit_confidence": 1}"#, slm: llm, llm: llm)
        for record in run.thinking where record.finish == .delimiter {
            let end = start + 6 * (record.index + 1)
            #expect((record.details.trial != nil) == (end + 1 + 20 < window))
        }
        #expect(run.thinking.contains { $0.details.trial == nil && $0.finish == .delimiter })
    }

    @Test func parametersAreChecked() {
        func key(_ strategy: String, _ parameters: String) -> String? {
            do {
                _ = try JobSpecification(prompt: "Q", strategy: strategy, parameters: parameters)
                return nil
            } catch { return error.key }
        }
        #expect(key("deer", #"{"owner": "slm", "exit_confidence": 0.8, "exit_skip_first": true}"#) == nil)
        #expect(key("r-stitch", #"{"exit_confidence": 0.9, "exit_words": ["So"]}"#) == nil)
        #expect(key("glimprouter", #"{"exit_words": []}"#) == "parameters.exit_words")
        #expect(key("deer", #"{"exit_words": [""]}"#) == "parameters.exit_words")
        #expect(key("deer", #"{"exit_confidence": 1.1}"#) == "parameters.exit_confidence")
        #expect(key("deer", #"{"exit_policy": "mean"}"#) == "parameters.exit_policy")
        #expect(key("deer", #"{"exit_trials": 0}"#) == "parameters.exit_trials")
        #expect(key("deer", #"{"owner": "both"}"#) == "parameters.owner")
    }
}
