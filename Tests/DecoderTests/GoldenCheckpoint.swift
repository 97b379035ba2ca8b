import Checkpoints
import Foundation

/// A small random checkpoint and what Hugging Face transformers computes from it; `Tests/Golden/random-checkpoints/make.py`
/// made both.
struct GoldenCheckpoint: Decodable {
    struct Prompt: Decodable {
        /// The prompt.
        let ids: [Int32]
        /// Logits of the last position.
        let logits: [Float]
        /// Entropy of the last position in nats.
        let entropy: Double
        let logSumExp: Double
        /// Largest logit of every position.
        let argmax: [Int32]
        /// Greedy continuation.
        let greedy: [Int32]
    }

    let prompts: [Prompt]

    static let names = ["llama-biases", "qwen2-tied", "qwen3-sharded", "qwen3-half"]

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    static func open(_ name: String) throws -> Checkpoint { try Checkpoint.open(path: path(name)) }

    static func load(_ name: String) throws -> GoldenCheckpoint {
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name)/expected.json"))
        return try JSONDecoder().decode(GoldenCheckpoint.self, from: data)
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/random-checkpoints")
}
