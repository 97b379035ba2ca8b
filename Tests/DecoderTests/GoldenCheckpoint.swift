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
        /// Hidden state of the last position behind the last norm.
        let hidden: [Float]
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

    /// The same weights in GGUF files: the path behind the folder of the checkpoint.
    static let ggufFiles = [
        "llama-biases": "model.gguf", "qwen2-tied": "model.gguf", "qwen3-sharded": "model-00002-of-00002.gguf",
        "qwen3-half": "model.gguf", "llama-q8_0": "model.gguf", "qwen2-q4_0": "model.gguf",
        "qwen3-q4_k_m": "model.gguf",
    ]

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    static func open(_ name: String) throws -> Checkpoint { try Checkpoint.open(path: path(name)) }

    static func openGGUF(_ name: String) throws -> Checkpoint {
        try Checkpoint.open(path: path(name) + "/" + (ggufFiles[name] ?? ""))
    }

    static func load(_ name: String) throws -> GoldenCheckpoint {
        let data = try Data(contentsOf: folder.appendingPathComponent("\(name)/expected.json"))
        return try JSONDecoder().decode(GoldenCheckpoint.self, from: data)
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/random-checkpoints")
}
