import Generation
import Testing

@testable import Routing

@Suite struct SpecCoTTests {
    static let large = ["L0!\n\n", "L1!\n\n", "L2!\n\n", "</think>"]

    /// Writes `a`, `b`, `c` or `d` by its draw, then ends the step; closes its thoughts after three steps.
    static func drafter(_ vocabulary: ScriptedVocabulary = ScriptedVocabulary()) -> ScriptedModel {
        ScriptedModel(name: "small", vocabulary: vocabulary) { place in
            let parts = place.written.split(separator: "\n\n")
            if place.written.isEmpty || place.written.hasSuffix("\n\n") {
                if parts.count >= 3 { return (place.vocabulary.token("</think>"), 0.1) }
                return (place.vocabulary.token(["a", "b", "c", "d"][Int(place.uniform * 4)]), 0.1)
            }
            return (place.vocabulary.token("\n"), 0.1)
        }
    }

    /// Wants the draft with a letter, by the place where it is listed; else none.
    static func wanting(_ wanted: String) -> @Sendable (TokenID, ScriptedModel.Place) -> Double {
        { token, place in
            guard let question = place.question else { return -3 }
            let lines = question.split(separator: "\n").map(String.init)
            let line = lines.first { $0.hasSuffix(". \(wanted)") }
            return token == place.vocabulary.token(line.map { String($0.prefix(1)) } ?? "N") ? -0.1 : -4
        }
    }

    @Test func aLetterChoosesOrRejects() async throws {
        var chosen = 0
        var rejected = 0
        for seed in 0..<12 as Range<Int64> {
            let slm = Self.drafter()
            let llm = script("large", steps: Self.large, opinion: Self.wanting("b"))
            let run = try await run("speccot", slm: slm, llm: llm, seed: seed)
            #expect(run.thinking[0].decision.rule == .firstSteps)
            for record in run.thinking.dropFirst() where record.text != "</think>" {
                let review = try #require(record.details.review)
                #expect(review.values.count == 3)
                #expect(record.decision.signal?.name == .choice)
                if record.decision.rule == .chosen {
                    chosen += 1
                    #expect(record.text == "b\n\n" && record.owner == .slm)
                    #expect(record.discarded.slm == 2 * 3)
                    let kept = try #require(review.kept)
                    #expect(review.values[kept] == record.decision.signal?.value)
                } else {
                    rejected += 1
                    #expect(record.decision.rule == .noneChosen && record.owner == .llm)
                    #expect(record.discarded.slm == 3 * 3 && review.kept == nil)
                }
            }
            // All drafts are paid for.
            let written = run.records.reduce(0) { $0 + $1.tokenCount(of: .slm) } + run.outcome.slm.discardedTokens
            #expect(run.outcome.slm.work.decodedTokens == written)
        }
        #expect(chosen > 5 && rejected > 5)
    }

    @Test func draftsAreDrawnInLanesOfTheirOwn() async throws {
        let slm = Self.drafter()
        let llm = script("large", steps: Self.large, opinion: Self.wanting("none"))
        let run = try await run("speccot", #"{"drafts": 4, "direction_steps": 0}"#, slm: slm, llm: llm)
        let first = slm.generations.filter { $0.context == slm.generations[0].context }
        #expect(Set(first.map(\.randomness.lane)) == [1, 2, 3, 4])
        let names = SessionSequences(session: 7)
        #expect(Set(first.map(\.sequence)) == Set((0..<4).map(names.draft)))
        #expect(Set(slm.closed) == Set((0..<4).map(names.draft) + [names.slm]))
        #expect(run.thinking[0].owner == .llm)
        #expect(llm.generations[0].randomness.lane == 0)
    }

    @Test func equalDraftsAreOfferedOnce() async throws {
        let slm = script("small", steps: ["s0.\n\n", "</think>"])
        let llm = script("large", steps: Self.large, opinion: Self.wanting("s0."))
        let run = try await run("speccot", #"{"direction_steps": 0, "drafts": 3}"#, slm: slm, llm: llm)
        let asked = llm.scripted.text(of: llm.probes[0].context)
        #expect(asked.contains("A. s0.") && !asked.contains("B. "))
        #expect(llm.probes[0].options.count == 2)
        #expect(run.thinking[0].decision.rule == .chosen && run.thinking[0].text == "s0.\n\n")
        #expect(run.thinking[0].discarded.slm == 10)
        let values = try #require(run.thinking[0].details.review?.values)
        #expect(values.count == 3 && Set(values).count == 1)
        // Its letter against none: e^-0.1 and e^-4.
        #expect(abs((values[0] ?? 0) - 0.9801596942659225) < 1e-12)
    }

    @Test func theFloorRejectsAnUnsureChoice() async throws {
        let slm = script("small", steps: ["s0.\n\n", "</think>"])
        let llm = script("large", steps: Self.large, opinion: Self.wanting("s0."))
        let parameters = #"{"direction_steps": 0, "floor": 0.99}"#
        let run = try await run("speccot", parameters, slm: slm, llm: llm)
        #expect(run.thinking[0].decision.rule == .noneChosen && run.thinking[0].owner == .llm)
        #expect(run.thinking[0].decision.threshold == 0.99)
        #expect(abs((run.thinking[0].decision.signal?.value ?? 0) - 0.9801596942659225) < 1e-12)
    }

    @Test(arguments: [true, false])
    func byLikelihood(alike: Bool) async throws {
        let theirs = alike ? ScriptedVocabulary() : ScriptedVocabulary(["b\n"], shift: 9)
        let likes: @Sendable (TokenID, ScriptedModel.Place) -> Double = { token, place in
            let text = place.vocabulary.text(of: [token])
            return text.hasPrefix("b") ? -0.1 : text.hasPrefix("\n") ? -0.2 : text.hasPrefix("a") ? -1 : -6
        }
        var best = 0
        for seed in 0..<8 as Range<Int64> {
            let slm = Self.drafter()
            let llm = script("large", steps: Self.large, vocabulary: theirs, opinion: likes)
            let parameters = #"{"choice": "likelihood", "floor": -1, "direction_steps": 0}"#
            let run = try await run("speccot", parameters, slm: slm, llm: llm, seed: seed)
            let names = SessionSequences(session: 7)
            for record in run.thinking where record.text != "</think>" {
                let review = try #require(record.details.review)
                let values = review.values.compactMap(\.self)
                #expect(values.count == 3)
                #expect(record.decision.signal == .init(.llmLogProbability, values.max() ?? 0))
                let accepts = (values.max() ?? -9) >= -1
                #expect(record.decision.rule == (accepts ? .chosen : .noneChosen))
                #expect(!accepts || "ab".contains(record.text.first ?? "-"))
                if record.text.hasPrefix("b") { best += 1 }
            }
            #expect(llm.probes.allSatisfy { $0.scoredTokens > 0 })
            #expect(Set(llm.probes.map(\.sequence)).isSubset(of: Set((0..<3).map(names.draft))))
            #expect(Set(llm.closed) == Set((0..<3).map(names.draft) + [names.llm]))
        }
        #expect(best > 4)
    }

    /// A tag inside a token is cut off an alternative as off any step, and the account still adds up.
    @Test func alternativesAreCut() async throws {
        let vocabulary = ScriptedVocabulary([">\n\n"], hasThinkingEnd: false)
        let slm = ScriptedModel(name: "small", vocabulary: vocabulary) { place in
            let texts = ["x</think>\n\n", "y</think>\n\n", "z\n\n"]
            let begun = place.written
            guard let first = begun.first else {
                return (place.vocabulary.token(String(texts[Int(place.uniform * 3)].prefix(1))), 0.1)
            }
            let text = texts.first { $0.first == first } ?? "z\n\n"
            let tokens = place.vocabulary.encode(text, matchingSpecialTokens: false)
            let known = place.vocabulary.encode(begun, matchingSpecialTokens: false).count
            return (known < tokens.count ? tokens[known] : place.vocabulary.endOfTextToken, 0.1)
        }
        for wanted in ["x</think>", "y</think>", "z"] {
            for seed in 0..<6 as Range<Int64> {
                let llm = script("large", steps: ["L</think>"], vocabulary: vocabulary, opinion: Self.wanting(wanted))
                let run = try await run(
                    "speccot", #"{"direction_steps": 0, "max_steps": 1}"#, slm: slm, llm: llm, seed: seed)
                let record = run.thinking[0]
                guard record.decision.rule == .chosen, wanted != "z" else { continue }
                #expect(record.text == wanted && record.finish == .thinkingEnd)
                // The tag's last token held more: it and the seven before it gave way to the spelling.
                let written = record.cost.slm.decodedTokens
                #expect(record.discarded.slm + 1 == written)
            }
        }
    }
}
