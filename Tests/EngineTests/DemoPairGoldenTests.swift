import Foundation
import Generation
import Kernels
import Testing

@testable import Engine

/// The shipped pair against Hugging Face transformers: values made by `Tests/Golden/make_demo_pair_golden.py`.
@Suite struct DemoPairGoldenTests {
    private struct Greedy: Decodable {
        var customID: String
        var promptIDs: [TokenID]
        var ids: [TokenID]

        enum CodingKeys: String, CodingKey {
            case customID = "custom_id"
            case promptIDs = "prompt_ids"
            case ids
        }
    }

    private struct Distribution: Decodable {
        var text: String
        var ids: [TokenID]
        var entropy: Double
        var logsumexp: Double
        var logits: [Double]
    }

    private static let folder = DemoPair.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Tests/Golden/demo-pair")

    /// With half precision the large model's texts stay the same and 3 of the small model's 500 change, which is why it
    /// is not the default of such models.
    @Test(arguments: [("slm", KeyValueFormat.float32), ("llm", .float32), ("llm", .float16)])
    func greedyTokensOfAllTestProblems(name: String, cacheFormat: KeyValueFormat) async throws {
        let lines = try String(
            contentsOf: Self.folder.appendingPathComponent("greedy-\(name).jsonl"), encoding: .utf8
        ).split(separator: "\n")
        let golden = try lines.map { try JSONDecoder().decode(Greedy.self, from: Data($0.utf8)) }
        let problems = try DemoPair.problems(500)
        try #require(golden.count == 500 && problems.count == 500)
        let engine = try DemoPair.engine(DemoPair.Limits(threads: 2, blocks: 20_000, cacheFormat: cacheFormat))
        let model = try #require(engine.model(named: name))
        let different = try await withThrowingTaskGroup(of: String?.self) { group in
            for (i, (expected, problem)) in zip(golden, problems).enumerated() {
                group.addTask {
                    let prompt = try model.promptTokens(for: .prompt(problem))
                    #expect(prompt == expected.promptIDs)
                    let result = try await model.generate(
                        GenerationRequest(
                            sequence: SequenceID(UInt64(i)), context: prompt, maximumTokens: 512, stop: .endOfText,
                            sampling: .greedy, randomness: Randomness(seed: 0, step: 0)))
                    model.close(SequenceID(UInt64(i)))
                    // The golden values count the end-of-text token.
                    let end = result.finish == .endOfText ? Array(model.vocabulary.endOfText.prefix(1)) : []
                    return result.tokens + end == expected.ids ? nil : expected.customID
                }
            }
            return try await group.reduce(into: []) { list, id in if let id { list.append(id) } }
        }
        #expect(different.isEmpty, "\(different.count) of 500 differ: \(different.prefix(5))")
        await engine.shutDown()
    }

    @Test func distributions() async throws {
        let golden = try JSONDecoder().decode(
            [String: [Distribution]].self, from: Data(contentsOf: Self.folder.appendingPathComponent("logits.json")))
        let engine = try DemoPair.engine()
        for (name, prompts) in golden {
            let model = try #require(engine.model(named: name))
            for (i, prompt) in prompts.enumerated() {
                #expect(model.vocabulary.encode(prompt.text, matchingSpecialTokens: true) == prompt.ids)
                let probe = try await model.probe(
                    ProbeRequest(
                        sequence: SequenceID(UInt64(i)), context: prompt.ids, sampling: .greedy,
                        randomness: Randomness(seed: 0, step: 0), topCount: prompt.logits.count))
                #expect(abs(probe.signals.entropy - prompt.entropy) < 1e-4)
                #expect(probe.signals.top.count == prompt.logits.count)
                let scale = prompt.logits.map { abs($0) }.max() ?? 1
                for entry in probe.signals.top {
                    let logit = entry.logProbability + prompt.logsumexp
                    #expect(abs(logit - prompt.logits[Int(entry.token)]) < 1e-4 * scale)
                }
            }
        }
        await engine.shutDown()
    }
}
