import Checkpoints
import Foundation
import Kernels
import Testing

@testable import Decoder

/// The shipped pair against Hugging Face transformers; `Tests/Golden/make_demo_pair_golden.py` made the values.
@Suite struct DemoPairTests {
    struct Prompt: Decodable {
        let ids: [Int32]
        let logits: [Float]
        let entropy: Double
        let logsumexp: Double
    }

    struct Greedy: Decodable {
        let prompt_ids: [Int32]
        let ids: [Int32]
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func decoder(_ model: String, threads: Int) throws -> Decoder {
        try Decoder(
            checkpoint: Checkpoint.open(path: root.appendingPathComponent("Ops/demo-pair/\(model)").path),
            threads: ComputeThreads(count: threads), family: .own)
    }

    static func golden(_ name: String) throws -> Data {
        try Data(contentsOf: root.appendingPathComponent("Tests/Golden/demo-pair/\(name)"))
    }

    @Test(arguments: ["slm", "llm"]) func logits(_ model: String) throws {
        let decoder = try Self.decoder(model, threads: 1)
        let prompts = try JSONDecoder().decode([String: [Prompt]].self, from: Self.golden("logits.json"))
        for prompt in try #require(prompts[model]) {
            let last = try #require(try decoder.logits(of: prompt.ids, chunk: prompt.ids.count).last)
            let largest = prompt.logits.map(abs).max() ?? 0
            let difference = zip(last, prompt.logits).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference <= 1e-4 * largest, "relative difference \(difference / largest)")
            let statistics = try LogitStatistics(of: last)
            #expect(abs(statistics.entropy - prompt.entropy) < 1e-4)
            #expect(abs(statistics.logSumExp - prompt.logsumexp) < 1e-4 * Double(largest))
        }
    }

    /// 64 problems at once, each finished sequence leaving the batch.
    @Test(arguments: ["slm", "llm"]) func greedyInOneBatch(_ model: String) throws {
        let decoder = try Self.decoder(model, threads: 2)
        let lines = try Self.golden("greedy-\(model).jsonl").split(separator: UInt8(ascii: "\n")).prefix(64)
        let problems = try lines.map { try JSONDecoder().decode(Greedy.self, from: $0) }
        let blocks = 40
        let cache = try KeyValueCache(shape: decoder.shape, blockCount: blocks * problems.count, format: .float32)
        var contexts = problems.indices.map { Context(blocks: Int32($0 * blocks)..<Int32(($0 + 1) * blocks)) }
        var next = problems.map(\.prompt_ids), written = problems.map { _ in [Int32]() }
        var active = Array(problems.indices), batch = ForwardBatch()
        while !active.isEmpty {
            batch.removeAll()
            for index in active { contexts[index].feed(next[index], to: &batch) }
            for (index, row) in zip(active, decoder.logits(batch, cache: cache)) {
                next[index] = [row.indexOfMaximum]
                written[index] += next[index]
            }
            active.removeAll { written[$0].count >= problems[$0].ids.count }
        }
        for (index, problem) in problems.enumerated() { #expect(written[index] == problem.ids, "problem \(index)") }
    }
}
