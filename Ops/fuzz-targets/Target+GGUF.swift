import Foundation
import Kernels

@testable import Checkpoints
@testable import Decoder

/// Writes small GGUF files.
private struct SmallGGUF {
    var keys: [[UInt8]] = []
    var tensors: [(name: String, extents: [UInt64], type: UInt32)] = []

    static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    static func text(_ text: String) -> [UInt8] { bytes(UInt64(text.utf8.count)) + text.utf8 }

    mutating func add(_ key: String, _ number: UInt32) {
        keys.append(Self.text(key) + Self.bytes(UInt32(4)) + Self.bytes(number))
    }

    mutating func add(_ key: String, float: Float) {
        keys.append(Self.text(key) + Self.bytes(UInt32(6)) + Self.bytes(float.bitPattern))
    }

    mutating func add(_ key: String, _ text: String) {
        keys.append(Self.text(key) + Self.bytes(UInt32(8)) + Self.text(text))
    }

    mutating func add(_ key: String, _ texts: [String]) {
        keys.append(
            Self.text(key) + Self.bytes(UInt32(9)) + Self.bytes(UInt32(8)) + Self.bytes(UInt64(texts.count))
                + texts.flatMap(Self.text))
    }

    mutating func add(_ key: String, _ numbers: [Int32]) {
        keys.append(
            Self.text(key) + Self.bytes(UInt32(9)) + Self.bytes(UInt32(5)) + Self.bytes(UInt64(numbers.count))
                + numbers.flatMap(Self.bytes))
    }

    /// The file; all data is zero.
    var file: [UInt8] {
        var header = Array("GGUF".utf8) + Self.bytes(UInt32(3)) + Self.bytes(UInt64(tensors.count))
        header += Self.bytes(UInt64(keys.count)) + keys.joined()
        var offset: UInt64 = 0
        for (name, extents, type) in tensors {
            header += Self.text(name) + Self.bytes(UInt32(extents.count)) + extents.flatMap(Self.bytes)
            header += Self.bytes(type) + Self.bytes(offset)
            let count = extents.reduce(1, *)
            let size = type == 0 ? 4 * count : type == 8 ? count / 32 * 34 : type == 2 ? count / 32 * 18 : 2 * count
            offset += (size + 31) / 32 * 32
        }
        header += [UInt8](repeating: 0, count: (32 - header.count % 32) % 32)
        return header + [UInt8](repeating: 0, count: Int(offset))
    }

    /// A model of one block.
    static func model(_ architecture: String, type: UInt32, scaling: (inout SmallGGUF, String) -> Void = { _, _ in })
        -> [UInt8]
    {
        var file = SmallGGUF()
        file.add("general.architecture", architecture)
        for (key, number) in [
            ("embedding_length", 32), ("block_count", 1), ("feed_forward_length", 32), ("attention.head_count", 2),
            ("attention.head_count_kv", 1), ("attention.key_length", 16), ("context_length", 64),
        ] as [(String, UInt32)] { file.add("\(architecture).\(key)", number) }
        file.add("\(architecture).attention.layer_norm_rms_epsilon", float: 1e-6)
        file.add("\(architecture).rope.freq_base", float: 10_000)
        scaling(&file, "\(architecture).rope.scaling")
        file.add("tokenizer.ggml.model", "gpt2")
        file.add("tokenizer.ggml.pre", architecture == "llama" ? "llama-bpe" : "qwen2")
        file.add("tokenizer.ggml.tokens", ["a", "b", "ab", "Ġ", "<|im_end|>", "é"])
        file.add("tokenizer.ggml.token_type", [1, 1, 1, 1, 3, 4])
        file.add("tokenizer.ggml.merges", ["a b"])
        file.add("tokenizer.ggml.eos_token_id", 4)
        file.tensors = [("token_embd.weight", [32, 8], type), ("output_norm.weight", [32], 0)]
        let head: UInt64 = 16
        let matrices: [(String, [UInt64])] = [
            ("attn_q", [32, 2 * head]), ("attn_k", [32, head]), ("attn_v", [32, head]),
            ("attn_output", [2 * head, 32]),
            ("ffn_gate", [32, 32]), ("ffn_up", [32, 32]), ("ffn_down", [32, 32]),
        ]
        file.tensors += matrices.map { ("blk.0.\($0.0).weight", $0.1, type) }
        file.tensors += ["attn_norm", "ffn_norm"].map { ("blk.0.\($0).weight", [32], 0) }
        if architecture == "qwen3" {
            file.tensors += ["attn_q_norm", "attn_k_norm"].map { ("blk.0.\($0).weight", [head], 0) }
        }
        if architecture == "qwen2" {
            file.tensors += [("blk.0.attn_q.bias", [32], 0), ("blk.0.attn_k.bias", [16], 0)]
            file.tensors.append(("blk.0.attn_v.bias", [16], 0))
        }
        return file.file
    }
}

extension FuzzTarget {
    private static let folder = ScratchFolder()
    private static let threads = try? ComputeThreads(count: 1)

    /// A GGUF file: an accepted one loads, and its tensors and tokens can be read to the last byte.
    static let gguf = FuzzTarget(
        name: "gguf", longestInput: 12_288,
        seeds: {
            [
                SmallGGUF.model("qwen3", type: 8), SmallGGUF.model("llama", type: 2),
                SmallGGUF.model("qwen2", type: 30),
                SmallGGUF.model("llama", type: 8) { file, prefix in
                    file.add("\(prefix).type", "yarn")
                    file.add("\(prefix).factor", float: 4)
                    file.add("\(prefix).original_context_length", 16)
                },
                SmallGGUF.model("qwen3", type: 2) { file, prefix in
                    file.add("\(prefix).type", "linear")
                    file.add("\(prefix).factor", float: 2)
                    file.tensors.append(("rope_freqs.weight", [8], 0))
                }, SmallGGUF().file,
            ]
        },
        words: [
            "general.alignment", "general.architecture", "llama", "qwen2", "qwen3", ".rope.scaling.type", "yarn",
            "linear",
            ".rope.scaling.factor", ".rope.scaling.attn_factor", ".attention.key_length", ".block_count", "split.count",
            "split.no", "rope_freqs.weight", "output.weight", "tokenizer.ggml.tokens", "tokenizer.ggml.token_type",
            "tokenizer.ggml.eos_token_id", "tokenizer.chat_template", "\u{8}\0\0\0", "\u{9}\0\0\0", "\u{C}\0\0\0",
            "\u{E}\0\0\0", "\u{1E}\0\0\0", "GGUF\u{2}\0\0\0",
        ],
        run: { input in
            folder.write("model.gguf", input)
            guard let checkpoint = try? Checkpoint.open(path: folder.path + "/model.gguf") else { return }
            var total = 0
            for tensor in checkpoint.allTensors {
                expect(tensor.shape.reduce(1, *) == tensor.elementCount, "the shape of \(tensor.name) fits its bytes")
                total += tensor.byteCount
                tensor.withUnsafeBytes { bytes in
                    if let first = bytes.first, let last = bytes.last { blackHole(first ^ last) }
                }
            }
            expect(total <= input.count, "tensors do not overlap")
            for strings in [checkpoint.tokenizer?.tokens, checkpoint.tokenizer?.merges].compactMap(\.self) {
                let bytes = strings.slices.reduce(0) { $0 + $1.count }
                expect(strings.slices.count == strings.count && bytes <= input.count, "strings lie in the file")
            }
            load(checkpoint, threads: threads)
        })

    /// Checks what arithmetic takes for granted, and loads the weights.
    static func load(_ checkpoint: Checkpoint, threads: ComputeThreads?) {
        guard let threads else { return }
        for id in checkpoint.endOfTextTokens {
            expect(id >= 0 && id < checkpoint.shape.vocabularySize, "end of text \(id) is a token")
        }
        let frequencies = RotaryFrequencies(checkpoint.configuration.rope, headDim: checkpoint.shape.headDim)
        expect(frequencies.magnitude.isFinite && frequencies.magnitude > 0, "magnitude \(frequencies.magnitude)")
        expect(frequencies.radians.allSatisfy(\.isFinite), "angles \(frequencies.radians)")
        // Loading costs many times what opening does: a few inputs are enough.
        guard checkpoint.fingerprint.utf8.reduce(0, { $0 &+ Int($1) }) % 8 == 0 else { return }
        let decoder = try? Decoder(
            checkpoint: checkpoint, threads: threads, family: .own, precision: Precision(suiting: checkpoint))
        expect(decoder != nil, "a checked checkpoint loads")
    }
}
