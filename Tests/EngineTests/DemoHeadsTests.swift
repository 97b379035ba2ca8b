import Foundation
import Generation
import Testing

@testable import Engine

/// The shipped judge, scorer and routers through the demo pool file, against transformers and numpy;
/// `Ops/routers/check_head.py --golden` made the values.
@Suite struct DemoHeadsTests {
    private struct Golden: Decodable {
        struct Value: Decodable {
            var ids: [TokenID]
            var drawn: TokenID
            var value: Double
        }

        struct Grade: Decodable {
            var ids: [TokenID]
            var digits: [Double]
        }

        var heads: [String: [Value]]
        var judge: [Grade]
    }

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func golden() throws -> Golden {
        let file = Self.root.appendingPathComponent("Tests/Golden/demo-pair/heads.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }

    private func pool() throws -> ModelPool {
        let file = Self.root.appendingPathComponent("Config/models.demo.json")
        return try ModelPool(
            try ModelPoolDescription.read(file), relativeTo: file.deletingLastPathComponent(), threads: 1)
    }

    private func probe(_ number: Int, _ context: [TokenID]) -> ProbeRequest {
        ProbeRequest(
            sequence: SequenceID(UInt64(number)), context: context, sampling: .greedy,
            randomness: Randomness(seed: 1, step: 0))
    }

    @Test func headsGiveWhatTransformersAndNumpyGive() async throws {
        let pool = try pool(), pair = try #require(pool.pair(named: "demo"))
        for (name, values) in try golden().heads {
            let scorer = pair.scorer.flatMap { $0.head == name ? $0.model : nil }
            let model = scorer ?? pair.slm
            for (number, expected) in values.enumerated() {
                var request = probe(number, expected.ids)
                request.heads = [name]
                let answer = try await model.probe(request)
                #expect(answer.sampledToken == expected.drawn)
                let value = try #require(answer.headValues.first)
                #expect(abs(value - expected.value) < 1e-5, "\(name), text \(number)")
            }
        }
        await pool.engine.shutDown()
    }

    @Test func theJudgeAnswersThePoolsQuestionWithADigit() async throws {
        let pool = try pool(), pair = try #require(pool.pair(named: "demo")), judge = try #require(pair.judge)
        let followUp = try judge.model.followUp(
            question: try #require(judge.question), prefill: try #require(judge.prefill))
        for (number, expected) in try golden().judge.enumerated() {
            var request = probe(number, expected.ids + followUp)
            request.options = Array(48...57)
            let answer = try await judge.model.probe(request)
            for (mine, theirs) in zip(answer.optionLogProbabilities, expected.digits) {
                #expect(abs(exp(mine) - exp(theirs)) < 1e-5, "text \(number)")
            }
            #expect((48...57).contains(answer.sampledToken))
        }
        await pool.engine.shutDown()
    }
}
