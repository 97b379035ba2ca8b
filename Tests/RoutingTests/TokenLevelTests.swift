import Generation
import Testing

@testable import Routing

/// R-Stitch and R2R: who writes which token.
@Suite struct TokenLevelTests {
    static let words = ScriptedVocabulary(["\n\n"])

    /// Models that write `s` and `L`, unsure as two lists say at each place behind the prompt, then end their thoughts.
    static func models(
        _ small: [Double], _ large: [Double], small smallText: String? = nil, large largeText: String? = nil
    ) -> (slm: TableModel, llm: TableModel) {
        func text(_ letters: String?, _ letter: String, _ entropies: [Double]) -> [(text: String, entropy: Double)] {
            let tokens = letters.map { words.encode($0, matchingSpecialTokens: true).map { words.text(of: [$0]) } }
            return entropies.enumerated().map { (tokens?[$0.offset] ?? letter, $0.element) } + [("</think>", 0)]
        }
        return (
            recital("small", words, text(smallText, "s", small)), recital("large", words, text(largeText, "L", large))
        )
    }

    static func shape(_ record: StepRecord?) -> String {
        record?.details.segments.map { "\($0.owner == .slm ? "s" : "L")\($0.tokens)" }.joined(separator: " ") ?? ""
    }

    /// METHODS F: τ = 0.02; the small model's third token is drawn by the large one, whose second is at τ and goes back.
    @Test func stitching() async throws {
        let (slm, llm) = Self.models([0.001, 0.019, 0.021, 0, 0, 0], [0, 0, 0.5, 0.02, 0, 0])
        let run = try await run("r-stitch", "", slm: slm, llm: llm)
        #expect(run.text == "ssLLss</think>")
        #expect(Self.shape(run.thinking.first) == "s2 L2 s3")
        #expect(run.thinking[0].details.segments.map(\.signal) == [0.021, 0.02, nil])
        #expect(run.thinking[0].discarded.slm == 1 && run.thinking[0].discarded.llm == 0)
        #expect(run.thinking[0].decision.rule == .tokenLevel)
        #expect(run.thinking[0].decision.owner == .slm)
        #expect(run.thinking[0].decision.signal == .init(.llmTokenShare, 2.0 / 7))
        #expect(run.outcome.llm.thinkingTokens == 2 && run.outcome.slm.thinkingTokens == 5)
        #expect(run.outcome.slm.discardedTokens == 1)
        // Draws go on where the other model stopped.
        #expect(llm.generations[0].written == 2 && slm.generations[1].written == 4)
        #expect(llm.generations[0].context.suffix(2).allSatisfy { $0 == Self.words.token("s") })
        // The answer is the finaliser's.
        #expect(run.records.last?.owner == .llm && run.records.last?.details.segments.isEmpty == true)
    }

    @Test func theTurnIsKeptFromStepToStep() async throws {
        let small = "ss\n\nss\n\ns", large = "LL\n\nLL\n\nL"
        // The large model gets the turn in the first step, and gives it back with the second step's delimiter.
        let (slm, llm) = Self.models(
            [0, 0.5, 0.5, 0.5, 0.5, 0.5, 0], [0, 0.5, 0.5, 0.5, 0.5, 0, 0], small: small, large: large)
        let run = try await run("r-stitch", "", slm: slm, llm: llm)
        #expect(run.text == "sL\n\nLL\n\ns</think>")
        #expect(run.thinking.map(Self.shape) == ["s1 L2", "L3", "s2"])
        #expect(run.owners == "LLs")
        #expect(run.thinking.map { $0.details.segments.last?.signal } == [nil, 0, nil])
    }

    @Test func aTokenRefusedAtOnceLeavesItsTrace() async throws {
        let (slm, llm) = Self.models([0.9, 0], [0, 0])
        let run = try await run("r-stitch", "", slm: slm, llm: llm)
        #expect(Self.shape(run.thinking.first) == "s0 L1 s2")
        #expect(run.thinking[0].tokenCount(of: .slm) == 2)
    }

    @Test(arguments: [true, false]) func nativeRoutesTheAnswer(native: Bool) async throws {
        // Thinking ends at the first token; the answer's first token is unsure.
        let small = [("</think>", 0), ("s", 0.9), ("s", 0), ("s", 0)]
        let large = [("L", 0), ("L", 0), ("L", 0.0), ("L", 0)]
        let run = try await run(
            "r-stitch", #"{"native": \#(native)}"#, slm: recital("small", Self.words, small),
            llm: recital("large", Self.words, large))
        #expect(run.outcome.answer == (native ? "Lss" : "LLL"))
        #expect(Self.shape(run.records.last) == (native ? "s0 L1 s2" : ""))
    }

    @Test func aCutStepGoesOnWithWhoseTurnItWas() async throws {
        let (slm, llm) = Self.models([0, 0.5, 0.5, 0.5, 0.5, 0], [0, 0.5, 0.5, 0.5, 0, 0])
        let run = try await run("r-stitch", #"{"max_step_tokens": 3}"#, slm: slm, llm: llm)
        #expect(run.thinking.map(Self.shape) == ["s1 L2", "L2 s1", "s1"])
        #expect(run.thinking.map(\.decision.rule) == [.tokenLevel, .continuation, .continuation])
        #expect(run.thinking.map(\.finish) == [.length, .length, .thinkingEnd])
        // Each record draws from its own beginning.
        #expect(llm.generations[1].written == 0 && slm.generations[1].written == 2)
    }

    /// R2R: the large model writes one token where the head says at least the threshold.
    @Test func oneTokenPerTrigger() async throws {
        let words = Self.words
        let values: [Double] = [0.1, 0.8, 0.2, 0.95, 0.79, 0.9, 0]
        func model(_ name: String, _ letter: String) -> TableModel {
            TableModel(name, words, heads: ["router"], threshold: 0.8) { context in
                let place = context.count - words.encode("Q<think>", matchingSpecialTokens: false).count
                let token = place < 6 ? words.token(letter) : words.token("</think>")
                return .init(table: [(token, 1)], head: place < values.count ? values[place] : 0)
            }
        }
        func go(_ parameters: String) async throws -> (Run, TableModel) {
            let (slm, llm) = (model("small", "s"), model("large", "L"))
            return (try await run("r2r", parameters, slm: slm, llm: llm, routers: ["r2r": "router"]), llm)
        }
        let (routed, llm) = try await go("")
        #expect(routed.text == "sLsLsL</think>")
        #expect(Self.shape(routed.thinking.first) == "s1 L1 s1 L1 s1 L1 s1")
        #expect(routed.thinking[0].details.segments.map(\.signal) == [0.8, nil, 0.95, nil, 0.9, nil, nil])
        #expect(routed.thinking[0].discarded.slm == 3)
        #expect(llm.generations.dropLast().map(\.written) == [1, 3, 5])
        #expect(llm.generations.dropLast().allSatisfy { $0.maximumTokens == 1 })
        #expect(try await go(#"{"threshold": 0.9}"#).0.text == "sssLsL</think>")
        #expect(try await go(#"{"threshold": 0}"#).0.text == "LLLLLL</think>")
    }

    /// R-Stitch+: the head is asked above τ only, and the way back is the entropy's.
    @Test func plusAsksTheHeadWhereTheSmallModelIsUnsure() async throws {
        let words = Self.words
        let entropy: [Double] = [0, 0.3, 0.3, 0.3, 0], head: [Double] = [0.9, 0.4, 0.5, 0.9, 0.9]
        func model(_ name: String, _ letter: String) -> TableModel {
            TableModel(name, words, heads: ["plus"]) { context in
                let place = context.count - words.encode("Q<think>", matchingSpecialTokens: false).count
                return .init(
                    table: [(place < 5 ? words.token(letter) : words.token("</think>"), 1)],
                    normalisedEntropy: place < 5 ? entropy[place] : 0, head: place < 5 ? head[place] : 0)
            }
        }
        let run = try await run(
            "r-stitch-plus", "", slm: model("small", "s"), llm: model("large", "L"),
            routers: ["r-stitch-plus": "plus"])
        #expect(run.text == "ssLLL</think>")
        #expect(Self.shape(run.thinking.first) == "s2 L3 s1")
        #expect(run.thinking[0].decision.owner == .llm)
    }

    @Test func routersHaveToBeThere() async throws {
        for (strategy, parameters) in [("r2r", ""), ("r-stitch-plus", "")] {
            do {
                let (slm, llm) = Self.models([0], [0])
                _ = try await run(strategy, parameters, slm: slm, llm: llm)
                Issue.record("\(strategy) was not refused")
            } catch let error as SpecificationError {
                #expect(error.key == "strategy" && error.expected.contains("router"))
            }
        }
    }

    @Test func theLargeModelsShareEndsAtAStep() async throws {
        let (slm, llm) = (tableBabbler("small", Self.words, salt: 0), tableBabbler("large", Self.words, salt: 7))
        var spent = 0, steps = 0
        for seed in 0..<10 as Range<Int64> {
            let run = try await run(
                "r-stitch", #"{"tau": 0.5, "max_llm_share": 0.3, "temperature": 1}"#, slm: slm, llm: llm, seed: seed)
            for (index, record) in run.thinking.enumerated() {
                let share = Array(run.thinking[..<index]).llmShare
                #expect((record.decision.rule == .shareSpent) == (index > 0 && share >= 0.3) || record.isContinuation)
                if index > 0, share >= 0.3 { #expect(record.tokenCount(of: .llm) == 0) }
                if record.decision.rule == .shareSpent { spent += 1 }
                steps += 1
            }
        }
        #expect(spent > 0 && spent < steps)
    }

    @Test func parametersAreChecked() {
        func key(_ strategy: String, _ parameters: String) -> String? {
            do {
                _ = try JobSpecification(prompt: "Q", strategy: strategy, parameters: parameters)
                return nil
            } catch { return error.key }
        }
        #expect(key("r-stitch", #"{"tau": 0, "native": true}"#) == nil)
        #expect(key("r-stitch", #"{"tau": 1.5}"#) == "parameters.tau")
        #expect(key("r-stitch", #"{"native": 1}"#) == "parameters.native")
        #expect(key("r-stitch-plus", #"{"switch_at": -1}"#) == "parameters.switch_at")
        #expect(key("r2r", #"{"router": "random"}"#) == "parameters.router")
        #expect(key("r2r", #"{"threshold": 1.5}"#) == "parameters.threshold")
        #expect(key("r2r", #"{"threshold": 1.5, "router": "entropy"}"#) == nil)
        #expect(key("r2r", #"{"tau": 0.5}"#) == "parameters.tau")
    }
}
