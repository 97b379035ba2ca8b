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
        #expect(totals == [["context": 64, "bytes": weights + 3 * 64 * 72]])
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
