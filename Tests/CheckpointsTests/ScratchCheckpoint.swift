import Foundation

@testable import Checkpoints

/// A checkpoint in a temporary folder that tests write and spoil; removed with the object.
final class ScratchCheckpoint {
    let path: String
    var config: [String: Any]
    /// Shapes by name; elements are zeros.
    var tensors: [String: [Int]]
    var elementType = "F32"

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        config = [
            "model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 8, "num_hidden_layers": 1,
            "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 6, "intermediate_size": 10,
            "vocab_size": 12,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": true,
            "hidden_act": "silu", "eos_token_id": 3,
        ]
        tensors = [
            "model.embed_tokens.weight": [12, 8], "model.norm.weight": [8],
            "model.layers.0.input_layernorm.weight": [8], "model.layers.0.self_attn.q_proj.weight": [12, 8],
            "model.layers.0.self_attn.k_proj.weight": [6, 8], "model.layers.0.self_attn.v_proj.weight": [6, 8],
            "model.layers.0.self_attn.o_proj.weight": [8, 12], "model.layers.0.self_attn.q_norm.weight": [6],
            "model.layers.0.self_attn.k_norm.weight": [6], "model.layers.0.post_attention_layernorm.weight": [8],
            "model.layers.0.mlp.gate_proj.weight": [10, 8], "model.layers.0.mlp.up_proj.weight": [10, 8],
            "model.layers.0.mlp.down_proj.weight": [8, 10],
        ]
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes config.json and model.safetensors and opens them.
    func open() throws -> Checkpoint {
        try write("config.json", JSONSerialization.data(withJSONObject: config, options: [.sortedKeys]))
        try write("model.safetensors", safetensors())
        return try Checkpoint.open(path: path)
    }

    /// The error of opening; nil if it opens.
    func error() -> CheckpointError? {
        do {
            _ = try open()
            return nil
        } catch { return error as? CheckpointError }
    }

    func write(_ name: String, _ data: Data) throws { try data.write(to: URL(fileURLWithPath: "\(path)/\(name)")) }

    /// A file with the tensors in the order of their names.
    func safetensors() -> Data {
        var entries: [String] = [], offset = 0
        for (name, shape) in tensors.sorted(by: { $0.key < $1.key }) {
            let bytes = shape.reduce(elementType == "F32" ? 4 : 2, *)
            entries.append(
                #""\#(name)":{"dtype":"\#(elementType)","shape":\#(shape),"data_offsets":[\#(offset),\#(offset + bytes)]}"#
            )
            offset += bytes
        }
        return Self.safetensors(header: "{\(entries.joined(separator: ","))}", dataBytes: offset)
    }

    static func safetensors(header: String, dataBytes: Int) -> Data {
        var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        data.append(contentsOf: header.utf8)
        data.append(Data(count: dataBytes))
        return data
    }
}
