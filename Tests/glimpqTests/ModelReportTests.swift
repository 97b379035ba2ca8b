import Checkpoints
import Engine
import Foundation
import Kernels
import Testing

@testable import glimpq

/// What `models show` says of the files in `Tests/Golden`.
@Suite struct ModelReportTests {
    static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    static func path(_ name: String) -> String { golden.appendingPathComponent(name).path }

    static func object(_ report: ModelReport) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(report.json(name: "m").utf8)) as? [String: Any])
    }

    @Test func ofAGGUFFile() throws {
        let report = try ModelReport(path: Self.path("tokenizers/qwen.gguf"), sessions: 3)
        let text = report.text(title: "m", Palette(isOn: false))
        #expect(text.contains("byte-level BPE of kind qwen2, in the file; "))
        #expect(text.contains("F16 8.7 KiB: embedding, query, key, value, attention output, gate, up, down"))
        #expect(text.contains("with 3 sessions of 64 tokens (exact, f32)"))
        let object = try Self.object(report)
        #expect(object["architecture"] as? String == "qwen2")
        #expect(object["template"] as? String == "qwen3")
        #expect(object["context"] as? Int == 64)
        let memory = try #require(object["memory"] as? [String: Any])
        // One layer, one head: two numbers of a key, and those of a value padded to a vector of 16.
        #expect(memory["kv_per_token"] as? [String: Int] == ["f32": 72, "f16": 36])
        let weights = try #require((memory["weights"] as? [String: Int])?["exact"])
        let totals = try #require(memory["totals"] as? [[String: Int]])
        let working = try #require(memory["working"] as? Int), program = try #require(memory["program"] as? Int)
        #expect(working > 64 * 4 && program == 48 << 20)
        #expect(totals == [["context": 64, "bytes": weights + working + program + 3 * 64 * 72]])
    }

    /// One sound model and two bad ones: all three are told of.
    @Test func everyModelOfAPoolIsToldOf() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let bad = folder.appendingPathComponent("bad")
        try FileManager.default.createDirectory(at: bad, withIntermediateDirectories: true)
        try #"{"model_type": "gemma", "hidden_act": "gelu", "num_experts": 4}"#
            .write(to: bad.appendingPathComponent("config.json"), atomically: true, encoding: .utf8)
        try #"{"model": {"type": "Unigram"}}"#
            .write(to: bad.appendingPathComponent("tokenizer.json"), atomically: true, encoding: .utf8)
        let pool = folder.appendingPathComponent("pool.json")
        try """
        {"default_pair": "p", "pairs": {"p": {"slm": "good", "llm": "bad"}}, "models": {
          "good": {"path": "\(Self.path("tokenizers/qwen.gguf"))"}, "bad": {"path": "bad"}, "gone": {"path": "gone"}}}
        """.write(to: pool, atomically: true, encoding: .utf8)
        let report = try PoolReport(
            poolFile: pool.path, sessions: 1, caches: WeightCacheFolder(setting: "off", environment: [:]))
        #expect(report.faults.map(\.name) == ["bad", "gone"])
        #expect(report.faults.map(\.isUnsupported) == [true, false])
        let reasons = try #require(report.faults.first).reasons
        #expect(reasons.count == 4, "\(reasons)")
        for (reason, word) in zip(reasons, ["'gemma'", "'gelu'", "num_experts", "Unigram"]) {
            #expect(reason.contains(word))
        }
        #expect(report.text(Palette(isOn: false)).contains("good\n  architecture"))
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
        let models = try #require(object["models"] as? [[String: Any]])
        #expect(models.map { $0["name"] as? String } == ["good", "bad", "gone"])
        #expect(models.map { $0["supported"] as? Bool } == [nil, false, false])
    }

    @Test func formatsByRole() throws {
        let checkpoint = try Checkpoint.open(path: Self.path("random-checkpoints/qwen3-q4_k_m/model.gguf"))
        let lines = WeightFormats(checkpoint).lines
        #expect(lines.count == 4)
        #expect(lines[0].hasSuffix(": embedding, 2 query, 2 key, 2 attention output, 2 gate, 2 up, down"))
        #expect(lines[1].hasSuffix(": value, down, output head"))
        #expect(lines[2].hasPrefix("Q5_K ") && lines[2].hasSuffix(": value"))
        #expect(lines[3].hasPrefix("F32 "))
    }

    @Test func aPoolEntryDecides() throws {
        var entry = ModelPoolDescription.Model(path: "", kernels: "openblas", template: "raw")
        entry.kvCacheType = .float16
        let object = try Self.object(ModelReport(path: Self.path("tokenizers/llama.gguf"), entry: entry))
        #expect(object["template"] as? String == "raw")
        #expect(object["kv_bytes_per_token"] as? Int == 36)
    }
}
