import Generation
import Testing

@testable import Routing

@Suite struct SessionTests {
    static let small = ["s0.\n\n", "s1.\n\n", "s2.\n\n", "</think>"]
    static let large = ["L0!\n\n", "L1!\n\n", "L2!\n\n", "</think>"]

    @Test func smallAlone() async throws {
        let (slm, llm) = (script("small", steps: Self.small, answer: "7"), script("large", steps: Self.large))
        let run = try await run("slm", slm: slm, llm: llm)
        #expect(run.text == "s0.\n\ns1.\n\ns2.\n\n</think>")
        #expect(run.outcome.answer == "7")
        #expect(run.outcome.thinkingStop == .thinkingEnd)
        #expect(run.outcome.answerFinish == .endOfText)
        #expect(run.outcome.llmStepShare == 0 && run.outcome.llmTokenShare == 0)
        #expect(llm.generations.isEmpty && llm.probes.isEmpty && slm.probes.isEmpty)
        #expect(run.records.map(\.index) == [0, 1, 2, 3, 4])
        #expect(run.records.map(\.decision.rule) == [.fixed, .fixed, .fixed, .fixed, .finalizer])
    }

    @Test func largeAlone() async throws {
        let (slm, llm) = (script("small", steps: Self.small), script("large", steps: Self.large, answer: "9"))
        let run = try await run("llm", slm: slm, llm: llm)
        #expect(run.text == "L0!\n\nL1!\n\nL2!\n\n</think>")
        #expect(run.outcome.answer == "9")
        #expect(run.outcome.llmStepShare == 1 && run.outcome.llmTokenShare == 1)
        #expect(slm.generations.isEmpty && slm.probes.isEmpty)
    }

    @Test func glimpRouterDispatchesOnTheFirstTokensEntropy() async throws {
        let slm = script("small", steps: Self.small, entropies: [0.2, 1.5, 1.0, 0])
        let llm = script("large", steps: Self.large, answer: "9")
        let run = try await run("glimprouter", slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        #expect(run.text == "s0.\n\nL1!\n\ns2.\n\n</think>")
        #expect(run.thinking.map(\.decision.rule) == [.entropyAtMost, .entropyAbove, .entropyAtMost, .entropyAtMost])
        #expect(run.thinking.map { $0.decision.signal?.value } == [0.2, 1.5, 1.0, 0])
        #expect(run.thinking.allSatisfy { $0.decision.threshold == 1 })
        #expect(run.records.last?.owner == .llm)
        #expect(run.outcome.llmStepShare == 0.25)
        #expect(run.outcome.slm.probes == 4 && run.outcome.llm.probes == 0)
        #expect(run.thinking[1].glimpse?.token == slm.scripted.token("s"))
        #expect(run.thinking[1].glimpse?.normalisedEntropy == 1.5 / 8)
        #expect(run.outcome.llm.thinkingTokens == 5 && run.outcome.llm.answerTokens == 1)
        #expect(run.outcome.slm.thinkingTokens == 11)
        #expect(run.outcome.llmTokenShare == 6.0 / 17)
    }

    @Test func theOfficialComparisonAndSupport() async throws {
        let slm = script("small", steps: Self.small, entropies: [2, 1, 2, 0])
        let llm = script("large", steps: Self.large)
        let run = try await run(
            "glimprouter", #"{"comparison": "ge", "entropy_support": 20}"#, slm: slm, llm: llm)
        // The double measures half of the full entropy in the 20 best tokens.
        #expect(run.owners == "LsLs")
        #expect(run.thinking.map { $0.decision.signal?.name } == Array(repeating: .topEntropy, count: 4))
        #expect(run.thinking[0].glimpse?.support == 20)
        #expect(run.thinking[0].glimpse?.entropy == 2)
        #expect(slm.probes.allSatisfy { $0.topEntropySupport == 20 })
    }

    @Test func aProbeIsNeverWasted() async throws {
        let slm = script("small", steps: Self.small, entropies: [0, 2, 0, 0])
        let llm = script("large", steps: Self.large)
        _ = try await run("glimprouter", slm: slm, llm: llm)
        #expect(slm.probes.count == 4 && slm.generations.count == 3)
        for generation in slm.generations {
            // The same place was probed, and its draw is the step's first token.
            let probe = try #require(slm.probes.first { $0.context == generation.context })
            #expect(generation.firstToken != nil)
            #expect(probe.randomness == generation.randomness)
            #expect(probe.sampling == generation.sampling)
            #expect(probe.sequence == generation.sequence)
        }
        #expect(llm.generations.allSatisfy { $0.firstToken == nil })
    }

    @Test func eachModelHasItsOwnSequenceAndBothAreClosed() async throws {
        let model = script("one", steps: Self.small, entropies: [0, 2, 0])
        _ = try await run("glimprouter", slm: model, llm: model)
        let sequences = SessionSequences(session: 7)
        #expect(sequences.slm != sequences.llm)
        #expect(Set(model.closed) == [sequences.slm, sequences.llm])
        #expect(Set(model.probes.map(\.sequence)) == [sequences.slm])
        #expect(model.generations.last?.sequence == sequences.llm)
    }

    /// The prompt ends with the opening tag; the official code puts another one into every later prefix.
    @Test func theThinkTagStandsOnce() async throws {
        let slm = script("small", steps: ["Okay, A.\n\n", "B.\n\n", "Yes.\n</think>"])
        let llm = script("large", steps: Self.large, answer: "So.")
        let run = try await run("glimprouter", slm: slm, llm: llm)
        let text = llm.scripted.text(of: try #require(llm.generations.last).context)
        #expect(text == "Q<think>Okay, A.\n\nB.\n\nYes.\n</think>")
        #expect(run.outcome.answer == "So.")
    }

    @Test(arguments: [("llm", StepOwner.llm), ("slm", .slm), ("owner", .slm)])
    func finalizers(name: String, owner: StepOwner) async throws {
        let slm = script("small", steps: Self.small, entropies: [2, 0, 0, 0], answer: "small")
        let llm = script("large", steps: Self.large, answer: "large")
        let run = try await run("glimprouter", #"{"finalizer": "\#(name)"}"#, slm: slm, llm: llm)
        #expect(run.records.last?.owner == owner)
        #expect(run.outcome.answer == (owner == .slm ? "small" : "large"))
    }

    @Test func aDelimiterInsideOneTokenKeepsItsBytes() async throws {
        let vocabulary = ScriptedVocabulary([".\n\n", ".\n\n\n"])
        let slm = script("small", steps: ["one.\n\n", "two.\n\n", "</think>"], vocabulary: vocabulary)
        let run = try await run("slm", slm: slm, llm: script("large", steps: [], vocabulary: vocabulary))
        #expect(run.thinking.map(\.text) == ["one.\n\n", "two.\n\n", "</think>"])
        #expect(run.thinking[0].tokens.last == vocabulary.token(".\n\n"))
        #expect(run.thinking.map(\.finish) == [.delimiter, .delimiter, .thinkingEnd])
    }

    @Test func theTagMaySpanTokensAndHaveARemainder() async throws {
        let vocabulary = ScriptedVocabulary([">\n\n"], hasThinkingEnd: false)
        let slm = script("small", steps: ["one\n\n", "end</think>\n\n"], vocabulary: vocabulary)
        let llm = script("large", steps: [], answer: "done", vocabulary: vocabulary)
        let run = try await run("glimprouter", slm: slm, llm: llm)
        #expect(run.text == "one\n\nend</think>")
        #expect(run.outcome.thinkingStop == .thinkingEnd)
        #expect(run.outcome.slm.discardedTokens == 8)
        #expect(llm.scripted.text(of: try #require(llm.generations.last).context).hasSuffix("end</think>"))
    }

    @Test func emptyStepsAreKeptAndEndInTheRepeatGuard() async throws {
        let slm = ScriptedModel(name: "small", vocabulary: ScriptedVocabulary(["\n\n"])) { place in
            (place.vocabulary.token("\n\n"), 0)
        }
        let run = try await run("slm", #"{"finalizer": "llm"}"#, slm: slm, llm: script("large", steps: []))
        #expect(run.thinking.map(\.text) == ["\n\n", "\n\n", "\n\n"])
        #expect(run.outcome.thinkingStop == .repeatedStep)
    }

    @Test func unlikeVocabulariesExchangeText() async throws {
        let mine = ScriptedVocabulary(["s1", ".\n\n"])
        let theirs = ScriptedVocabulary(["s0", "!\n\n", "s2."], shift: 13)
        let slm = script("small", steps: Self.small, entropies: [0, 2, 0, 0], vocabulary: mine)
        let llm = script("large", steps: Self.large, answer: "9", vocabulary: theirs)
        let run = try await run("glimprouter", slm: slm, llm: llm)
        #expect(run.text == "s0.\n\nL1!\n\ns2.\n\n</think>")
        #expect(run.outcome.answer == "9")
        let read = try #require(llm.generations.last).context
        #expect(theirs.text(of: read) == "Q<think>s0.\n\nL1!\n\ns2.\n\n</think>")
        #expect(read.last == theirs.thinkingEnd)
        // Append-only: what the large model read at step 1 is the beginning of what it reads in the end.
        #expect(read.starts(with: llm.generations[0].context))
        #expect(mine.text(of: try #require(slm.probes.last).context) == "Q<think>s0.\n\nL1!\n\ns2.\n\n")
    }

    @Test func draftsAreMeasuredAndRewritten() async throws {
        let slm = script("small", steps: Self.small, entropies: [0.1, 3, 0.1, 0])
        let llm = script("large", steps: Self.large, answer: "9")
        let run = try await run("step-entropy", #"{"tau": 0.5}"#, slm: slm, llm: llm)
        #expect(run.owners == "sLss")
        #expect(run.thinking[1].decision.rule == .draftRejected)
        #expect(run.thinking[1].decision.signal == .init(.stepEntropy, 3))
        #expect(run.thinking[1].discarded.slm == 5)
        #expect(run.outcome.slm.discardedTokens == 5 && run.outcome.slm.thinkingTokens == 11)
        #expect(slm.probes.isEmpty)
        #expect(run.outcome.slm.work.decodedTokens == 16)
        // Twice the mean negative log-probability of the double is its entropy: exp(1.5) at step 1.
        let second = script("small", steps: Self.small, entropies: [0.1, 3, 0.1, 0])
        let other = try await again("step-perplexity", #"{"tau": 4}"#, second, llm)
        #expect(other.owners == "sLss")
        #expect(abs((other.thinking[1].decision.signal?.value ?? 0) - 4.4816890703380645) < 1e-12)
    }

    private func again(
        _ strategy: String, _ parameters: String, _ slm: ScriptedModel, _ llm: ScriptedModel
    ) async throws -> Run {
        try await run(strategy, parameters, slm: slm, llm: llm)
    }

    @Test func randomRoutingRepeatsItself() async throws {
        func once(_ seed: Int64) async throws -> Run {
            let steps = (0..<40).map { "\($0).\n\n" } + ["</think>"]
            return try await run(
                "random", #"{"llm_share": 0.5}"#, slm: script("small", steps: steps),
                llm: script("large", steps: steps),
                seed: seed)
        }
        let first = try await once(3)
        #expect(try await once(3).records == first.records)
        #expect(try await once(4).owners != first.owners)
        #expect((8...32).contains(first.owners.count { $0 == "L" }))
    }

    @Test func nonFiniteSignalsGoToTheLargeModel() async throws {
        let slm = script("small", steps: Self.small, entropies: [.nan, .infinity, 0, 0])
        let run = try await run("glimprouter", slm: slm, llm: script("large", steps: Self.large))
        #expect(run.owners == "LLss")
        #expect(run.thinking[0].decision.rule == .nonFinite)
        #expect(run.thinking[0].glimpse?.entropy == nil)
    }

    @Test func aConversationThatTheTemplateRefusesFails() async throws {
        let model = script("one", steps: Self.small)
        let session = try ReasoningSession(
            specification: JobSpecification(
                prompt: nil, messages: #"[{"role": "assistant", "content": "x"}]"#, strategy: "slm"),
            pair: ModelPair(name: "pair", slm: model, llm: model), sequences: SessionSequences(session: 1))
        await #expect(throws: ModelError.unsupportedConversation("user turns only")) {
            try await session.run { _ in }
        }
        #expect(model.closed.count == 2)
    }
}
