import Generation
import Testing

@testable import Routing

/// Speculative decoding gives what plain decoding gives, and accounts for every draft.
@Suite struct SpeculativeTests {
    static let words = ScriptedVocabulary(["\n\n"])

    static func pair(agreement: Double = 0.7, slmContext: Int = 100_000) -> (slm: TableModel, llm: TableModel) {
        (
            tableBabbler("small", words, salt: 0, agreement: agreement, contextLength: slmContext),
            tableBabbler("large", words, salt: 77, agreement: agreement)
        )
    }

    static func go(_ strategy: String, _ parameters: [String], seed: Int64 = 1) async throws -> Run {
        let models = pair()
        return try await run(
            strategy, "{" + parameters.joined(separator: ", ") + "}", slm: models.slm, llm: models.llm, seed: seed)
    }

    /// Every method, with and without drafts.
    static let methods: [(strategy: String, parameters: [String])] = [
        ("llm", []), ("llm", [#""max_step_tokens": 4"#, #""max_thinking_tokens": 35"#]),
        ("glimprouter", [#""tau": 1.1"#]), ("random", [#""llm_share": 0.5"#, #""max_step_tokens": 3"#]),
        ("step-entropy", [#""tau": 1.0"#]), ("step-perplexity", [#""tau": 2.5"#, #""finalizer": "owner""#]),
        ("r-stitch", [#""tau": 0.5"#]), ("r-stitch", [#""tau": 0.4"#, #""native": true"#, #""max_step_tokens": 5"#]),
        ("r2r", [#""router": "entropy""#, #""threshold": 1.1"#]),
    ]

    @Test(arguments: methods, ["0", "0.6", "1.3"])
    func sameTokensAsPlainDecoding(method: (strategy: String, parameters: [String]), temperature: String) async throws {
        var drafted = 0, accepted = 0
        for seed in 0..<4 as Range<Int64> {
            let common =
                method.parameters + [
                    #""temperature": \#(temperature)"#, #""max_answer_tokens": 20"#, #""max_steps": 12"#,
                ]
            let plain = try await Self.go(method.strategy, common, seed: seed)
            for length in [1, 3, 8] {
                let fast = try await Self.go(
                    method.strategy, common + [#""draft_tokens": \#(length)"#], seed: seed)
                #expect(fast.records.map(\.tokens) == plain.records.map(\.tokens))
                #expect(fast.records.map(\.finish) == plain.records.map(\.finish))
                #expect(fast.records.map(\.decision) == plain.records.map(\.decision))
                #expect(fast.records.map(\.details.segments) == plain.records.map(\.details.segments))
                #expect(fast.outcome.answer == plain.outcome.answer)
                for (mine, other) in zip(fast.records, plain.records) {
                    #expect(abs((mine.meanEntropy ?? 0) - (other.meanEntropy ?? 0)) < 1e-12)
                    let drafting = mine.details.drafting ?? .init()
                    let unkept = drafting.drafted - drafting.accepted
                    #expect(mine.discarded.slm == other.discarded.slm + unkept)
                    #expect(mine.discarded.llm == other.discarded.llm)
                    #expect(mine.cost.llm.decodedTokens == other.cost.llm.decodedTokens)
                    drafted += drafting.drafted
                    accepted += drafting.accepted
                }
            }
        }
        #expect(accepted > 0 && accepted < drafted)
    }

    @Test func draftsKeepTheirPositionsAndDraws() async throws {
        let (slm, llm) = Self.pair()
        let run = try await run("speculative", "", slm: slm, llm: llm)
        let sequences = SessionSequences(session: 7)
        #expect(run.records.count > 1)
        #expect(slm.generations.allSatisfy { $0.sequence == sequences.slm && $0.maximumTokens <= 5 })
        for verified in llm.generations where !verified.draft.isEmpty {
            #expect(verified.sequence == sequences.llm)
            // The drafter saw the same text, at the same place of the same step.
            let draft = try #require(slm.generations.first { $0.context == verified.context })
            #expect(draft.randomness == verified.randomness && draft.written == verified.written)
            #expect(draft.stop == verified.stop && draft.sampling == verified.sampling)
        }
        #expect(llm.generations.contains { $0.written > 0 })
        #expect(run.thinking.allSatisfy { $0.owner == .llm && $0.details.segments.isEmpty })
        #expect(run.outcome.llmTokenShare == 1)
    }

    @Test func aFullWindowOfTheSmallModelEndsDrafting() async throws {
        // The answer may go beyond the small model's window; thinking may not.
        let words = Self.words
        func model(_ name: String, _ context: Int) -> TableModel {
            TableModel(name, words, contextLength: context) { context in
                let isAnswer = context.contains(words.token("</think>"))
                return .init(table: [(words.token(isAnswer ? "x" : "</think>"), 1)])
            }
        }
        let (slm, llm) = (model("small", 40), model("large", 200))
        let run = try await run("speculative", #"{"max_answer_tokens": 90}"#, slm: slm, llm: llm)
        #expect(run.records.last?.tokens.count == 90)
        #expect(run.outcome.answerFinish == .length)
        // What the window left was drafted, then the large model went on in one request.
        let drafting = try #require(run.records.last?.details.drafting)
        #expect(drafting.drafted == drafting.accepted && drafting.drafted > 20)
        #expect(llm.generations.count { $0.draft.isEmpty } == 1)
    }

    @Test func anEndOfTextInTheDraftIsLeftToTheLargeModel() async throws {
        let words = Self.words
        // The small model would end at once; the large one writes three letters first.
        let slm = TableModel("small", words) { _ in .init(table: [(words.endOfTextToken, 1)]) }
        let llm = TableModel("large", words) { context in
            let letters = context.count { $0 == words.token("a") }
            return .init(table: [(letters < 3 ? words.token("a") : words.endOfTextToken, 1)])
        }
        let run = try await run("speculative", "", slm: slm, llm: llm)
        #expect(run.text == "aaa")
        #expect(run.outcome.thinkingStop == .endOfText)
        #expect(run.thinking[0].details.drafting?.drafted == 0)
        #expect(run.thinking[0].details.drafting?.rounds == 4)
        #expect(run.thinking[0].discarded.slm == 0)
        #expect(llm.generations.filter { $0.stop.delimiter != nil }.allSatisfy { $0.maximumTokens == 1 })
    }

    /// METHODS E4: expected tokens of a round at acceptance α and γ drafts are (1 − α^(γ+1)) / (1 − α).
    @Test(arguments: [(0.7, 3, 2.533), (0.8, 3, 2.952), (0.9, 5, 4.68559)])
    func tokensPerRound(acceptance: Double, length: Int, expected: Double) async throws {
        let words = Self.words
        func model(_ name: String, _ first: Double) -> TableModel {
            TableModel(name, words) { context in
                if context.count > 1500 { return .init(table: [(words.token("</think>"), 1)]) }
                return .init(table: [(words.token("a"), first), (words.token("b"), 1 - first)])
            }
        }
        // Overlap Σ min(p, q) of (x, 1−x) and (y, 1−y) is 1 − |x − y|.
        let run = try await run(
            "speculative",
            #"{"draft_tokens": \#(length), "acceptance": "ratio", "temperature": 1, "max_step_tokens": 10000}"#,
            slm: model("small", 0.95), llm: model("large", 0.95 - (1 - acceptance)))
        let drafting = try #require(run.thinking[0].details.drafting)
        let perRound = Double(run.thinking[0].tokens.count) / Double(drafting.rounds)
        let deviation = Double(length) / 2 / Double(drafting.rounds).squareRoot()
        #expect(abs(perRound - expected) < 4 * deviation)
    }

    /// The ratio rule gives the large model's distribution, drafts and replacements of several rounds together.
    @Test(arguments: [2, 3]) func ratioIsLossless(length: Int) async throws {
        let words = Self.words, letters = ["a", "b", "c"].map { words.token($0) }
        func model(_ name: String, _ tables: [[Double]]) -> TableModel {
            TableModel(name, words) { context in
                let table = tables[Int(context.last ?? 0) % tables.count]
                return .init(table: zip(letters, table).map { ($0, $1) })
            }
        }
        let p: [[Double]] = [[0.6, 0.3, 0.1], [0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]
        let q: [[Double]] = [[0.3, 0.5, 0.2], [0.2, 0.2, 0.6], [0.3, 0.4, 0.3]]
        let (slm, llm) = (model("small", q), model("large", p))
        let runs = 1200, start = Int(words.encode("Q<think>", matchingSpecialTokens: false).last ?? 0)
        var counts: [[TokenID]: Double] = [:]
        for seed in 0..<Int64(runs) {
            let run = try await run(
                "speculative",
                #"{"draft_tokens": \#(length), "acceptance": "ratio", "temperature": 1, "max_thinking_tokens": 3, "max_answer_tokens": 1}"#,
                slm: slm, llm: llm, seed: seed)
            counts[run.thinking.flatMap(\.tokens), default: 0] += 1
        }
        var statistic = 0.0
        for cell in 0..<27 {
            let row = [cell / 9, cell / 3 % 3, cell % 3].map { letters[$0] }
            var probability = 1.0, before = start
            for token in row {
                probability *= p[before % 3][letters.firstIndex(of: token)!]
                before = Int(token)
            }
            let expected = probability * Double(runs)
            let miss = (counts[row] ?? 0) - expected
            statistic += miss * miss / expected
        }
        // 99.99th percentile of χ² with 26 degrees of freedom.
        #expect(statistic < 62)
        #expect(slm.generations.allSatisfy { $0.randomness.lane == SpeculativeRounds.draftLane })
    }

    @Test func unequalVocabulariesAreRefused() async throws {
        let slm = tableBabbler("small", ScriptedVocabulary(["\n\n"], shift: 3), salt: 0)
        let llm = tableBabbler("large", Self.words, salt: 1)
        for (strategy, parameters) in [
            ("speculative", ""), ("glimprouter", #"{"draft_tokens": 3}"#), ("r-stitch", ""),
            ("r2r", #"{"router": "logu"}"#),
        ] {
            do {
                _ = try await run(strategy, parameters, slm: slm, llm: llm)
                Issue.record("\(strategy) was not refused")
            } catch let error as SpecificationError {
                #expect(error.key == "strategy" && error.expected.contains("same vocabulary"))
            }
        }
    }

    @Test func parametersAreChecked() {
        func key(_ strategy: String, _ parameters: String) -> String? {
            do {
                _ = try JobSpecification(prompt: "Q", strategy: strategy, parameters: parameters)
                return nil
            } catch { return error.key }
        }
        #expect(key("speculative", #"{"draft_tokens": 8, "acceptance": "ratio"}"#) == nil)
        #expect(key("speculative", #"{"acceptance": "ratio"}"#) == nil)
        #expect(key("speculative", #"{"draft_tokens": 0}"#) == "parameters.draft_tokens")
        #expect(key("llm", #"{"draft_tokens": 65}"#) == "parameters.draft_tokens")
        #expect(key("llm", #"{"acceptance": "same-token"}"#) == "parameters.acceptance")
        #expect(key("llm", #"{"draft_tokens": 2, "acceptance": "greedy"}"#) == "parameters.acceptance")
    }

    @Test func cancellationEndsAnywhere() async throws {
        let words = Self.words
        let endless = TableModel("endless", words) { _ in .init(table: [(words.token("a"), 1)]) }
        for strategy in ["speculative", "r-stitch"] {
            let task = Task {
                try await run(
                    strategy, #"{"max_step_tokens": 1000000, "max_thinking_tokens": 1000000}"#, slm: endless,
                    llm: endless)
            }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
