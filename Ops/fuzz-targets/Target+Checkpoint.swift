import Foundation
import Kernels

@testable import Checkpoints

/// A checkpoint small enough to be opened ten thousand times a second.
enum SmallCheckpoint {
    static let config = """
        {"model_type":"qwen3","architectures":["Qwen3ForCausalLM"],"hidden_size":8,"num_hidden_layers":1,\
        "num_attention_heads":2,"num_key_value_heads":1,"head_dim":6,"intermediate_size":10,"vocab_size":12,\
        "max_position_embeddings":64,"rms_norm_eps":1e-6,"rope_theta":10000.0,"tie_word_embeddings":true,\
        "hidden_act":"silu","eos_token_id":3}
        """

    typealias Tensor = (name: String, shape: [Int])

    static let shapes: [Tensor] = [
        ("model.embed_tokens.weight", [12, 8]), ("model.layers.0.input_layernorm.weight", [8]),
        ("model.layers.0.mlp.down_proj.weight", [8, 10]), ("model.layers.0.mlp.gate_proj.weight", [10, 8]),
        ("model.layers.0.mlp.up_proj.weight", [10, 8]), ("model.layers.0.post_attention_layernorm.weight", [8]),
        ("model.layers.0.self_attn.k_norm.weight", [6]), ("model.layers.0.self_attn.k_proj.weight", [6, 8]),
        ("model.layers.0.self_attn.o_proj.weight", [8, 12]), ("model.layers.0.self_attn.q_norm.weight", [6]),
        ("model.layers.0.self_attn.q_proj.weight", [12, 8]), ("model.layers.0.self_attn.v_proj.weight", [6, 8]),
        ("model.norm.weight", [8]),
    ]

    /// A safetensors file of zeros with these tensors.
    static func safetensors(_ tensors: some Sequence<Tensor>, type: String = "BF16") -> [UInt8] {
        var entries: [String] = []
        var offset = 0
        for (name, shape) in tensors {
            let end = offset + shape.reduce(type == "F32" ? 4 : 2, *)
            entries.append(#""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(offset),\#(end)]}"#)
            offset = end
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
            + [UInt8](repeating: 0, count: offset)
    }
}

extension FuzzTarget {
    private static let folder = ScratchFolder()
    private static let threads = try? ComputeThreads(count: 1)

    /// `model.safetensors`: every tensor of an accepted file can be read to its last byte.
    static let safetensors = FuzzTarget(
        name: "safetensors", longestInput: 8192,
        seeds: {
            [
                SmallCheckpoint.safetensors(SmallCheckpoint.shapes),
                SmallCheckpoint.safetensors(SmallCheckpoint.shapes.prefix(2), type: "F32"),
                SmallCheckpoint.safetensors(
                    [(name: "a", shape: []), (name: "b", shape: [0, 3]), (name: "c", shape: [1, 2, 3, 4])], type: "F16"),
                SmallCheckpoint.safetensors(SmallCheckpoint.shapes.prefix(0)),
            ]
        },
        words: [
            "__metadata__", "dtype", "shape", "data_offsets", "\"F32\"", "\"F16\"", "\"BF16\"", "\"I64\"", "null", "{}",
            "[]", "[0,0]", "9223372036854775807", "18446744073709551615", "4611686018427387904", "-1", "1e3", "\\u0000",
        ],
        run: { input in
            folder.write("model.safetensors", input)
            guard let file = try? SafetensorsFile(path: folder.path + "/model.safetensors") else { return }
            var total = 0
            for tensor in file.tensors.values {
                expect(tensor.shape.reduce(1, *) == tensor.elementCount, "the shape of \(tensor.name) fits its bytes")
                total += tensor.byteCount
                tensor.withUnsafeBytes { bytes in
                    if let first = bytes.first, let last = bytes.last { blackHole(first ^ last) }
                }
            }
            expect(total <= input.count, "tensors do not overlap")
        })

    /// `config.json`, `generation_config.json` and `model.safetensors.index.json` beside sound shards: an accepted
    /// checkpoint loads and computes.
    static let checkpoint = FuzzTarget(
        name: "checkpoint",
        seeds: {
            let map = SmallCheckpoint.shapes.enumerated().map { #""\#($1.name)":"\#($0 < 6 ? "a" : "b")""# }
            let index = #"{"metadata":{"total_size":1},"weight_map":{\#(map.joined(separator: ","))}}"#
            let ropes = [
                #""rope_scaling":{"type":"linear","factor":2}"#,
                #""rope_parameters":{"rope_type":"yarn","rope_theta":1e6,"factor":4,"original_max_position_embeddings":16}"#,
                #""rope_scaling":{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":32}"#,
                #""rope_scaling":null,"layer_types":["full_attention"],"use_sliding_window":false"#,
            ]
            let generation = #"{"eos_token_id":[3,1],"do_sample":false}"#
            let configs = [SmallCheckpoint.config] + ropes.map { SmallCheckpoint.config.dropLast() + ",\($0)}" }
            return configs.map { Array("\($0)\u{1E}\(generation)\u{1E}\(index)".utf8) }
                + [Array("\(SmallCheckpoint.config)\u{1E}\(generation)".utf8), Array(SmallCheckpoint.config.utf8)]
        },
        words: [
            "\u{1E}", "\"llama\"", "\"qwen2\"", "\"qwen3\"", "rope_scaling", "rope_parameters", "rope_theta",
            "rope_type",
            "\"yarn\"", "\"linear\"", "\"llama3\"", "\"default\"", "factor", "beta_fast", "beta_slow", "mscale",
            "mscale_all_dim", "attention_factor", "truncate", "low_freq_factor", "high_freq_factor",
            "original_max_position_embeddings", "attention_bias", "mlp_bias", "weight_map", "eos_token_id", "true",
            "false", "null", "1e308", "1e-308", "-1", "2147483647", "4.9e-324", "[3]", "../a",
        ],
        run: { input in
            if !shardsAreWritten { return }
            let parts = parts(of: input, count: 3)
            folder.write("config.json", parts[0])
            for (name, part) in [("generation_config.json", parts[1]), ("model.safetensors.index.json", parts[2])] {
                if part.isEmpty { folder.remove(name) } else { folder.write(name, part) }
            }
            if parts[2].isEmpty { folder.write("model.safetensors", shard) } else { folder.remove("model.safetensors") }
            if let checkpoint = try? Checkpoint.open(path: folder.path) { load(checkpoint, threads: threads) }
        })

    private static let shard = SmallCheckpoint.safetensors(SmallCheckpoint.shapes)
    private static let shardsAreWritten: Bool = {
        folder.write("a", SmallCheckpoint.safetensors(SmallCheckpoint.shapes.prefix(6)))
        folder.write("b", SmallCheckpoint.safetensors(SmallCheckpoint.shapes.dropFirst(6)))
        return true
    }()
}

/// Keeps a value alive in the eyes of the optimiser.
@inline(never) func blackHole(_: some Any) {}
