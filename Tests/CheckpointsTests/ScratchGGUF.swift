import Foundation

@testable import Checkpoints

/// A GGUF file in a temporary folder that tests write and spoil; removed with the object.
final class ScratchGGUF {
    /// A metadata value.
    indirect enum Value {
        case uint32(UInt32), uint64(UInt64), float(Float), bool(UInt8), string(String)
        case strings([String]), int32s([Int32])
        /// Type number and bytes, as they are.
        case raw(UInt32, Data)
    }

    let folder: String
    var version: UInt32 = 3
    var keys: [(String, Value)] = [
        ("general.architecture", .string("qwen3")), ("qwen3.context_length", .uint32(64)),
        ("qwen3.embedding_length", .uint32(8)), ("qwen3.block_count", .uint32(1)),
        ("qwen3.feed_forward_length", .uint32(10)), ("qwen3.attention.head_count", .uint32(2)),
        ("qwen3.attention.head_count_kv", .uint32(1)), ("qwen3.attention.key_length", .uint32(6)),
        ("qwen3.attention.value_length", .uint32(6)),
        ("qwen3.attention.layer_norm_rms_epsilon", .float(1e-6)), ("qwen3.rope.freq_base", .float(10000)),
        ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("qwen2")),
        ("tokenizer.ggml.tokens", .strings((0..<12).map { "t\($0)" })),
        ("tokenizer.ggml.token_type", .int32s(Array(repeating: 1, count: 12))),
        ("tokenizer.ggml.merges", .strings([])), ("tokenizer.ggml.eos_token_id", .uint32(3)),
    ]
    /// Names, extents with the fastest first, types; elements are zeros.
    var tensors: [(name: String, extents: [UInt64], type: UInt32)] = [
        ("token_embd.weight", [8, 12], 0), ("output_norm.weight", [8], 0), ("blk.0.attn_norm.weight", [8], 0),
        ("blk.0.attn_q.weight", [8, 12], 1), ("blk.0.attn_k.weight", [8, 6], 30), ("blk.0.attn_v.weight", [8, 6], 0),
        ("blk.0.attn_output.weight", [12, 8], 0), ("blk.0.attn_q_norm.weight", [6], 0),
        ("blk.0.attn_k_norm.weight", [6], 0), ("blk.0.ffn_norm.weight", [8], 0), ("blk.0.ffn_gate.weight", [8, 10], 0),
        ("blk.0.ffn_up.weight", [8, 10], 0), ("blk.0.ffn_down.weight", [10, 8], 0),
    ]
    /// Offsets that differ from the ones of tensors placed one behind the other.
    var offsets: [String: UInt64] = [:]
    var alignment = 32
    /// Bytes cut off at the end.
    var missingBytes = 0

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("gguf-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var path: String { "\(folder)/model.gguf" }

    /// Sets a metadata key, in place if it is there.
    func set(_ key: String, _ value: Value?) {
        let place = keys.firstIndex { $0.0 == key }
        if let place { keys.remove(at: place) }
        if let value { keys.insert((key, value), at: place ?? keys.count) }
    }

    /// Writes the file and opens it.
    func open() throws -> Checkpoint {
        try write(data())
        return try Checkpoint.open(path: path)
    }

    /// The error of opening; nil if it opens.
    func error() -> CheckpointError? {
        do {
            _ = try open()
            return nil
        } catch { return error as? CheckpointError }
    }

    func write(_ data: Data, as name: String = "model.gguf") throws {
        try data.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    /// The bytes of the file.
    func data() -> Data {
        var data = Data("GGUF".utf8)
        data.append(version)
        data.append(UInt64(tensors.count))
        data.append(UInt64(keys.count))
        for (key, value) in keys {
            data.append(key)
            data.append(value)
        }
        var offset: UInt64 = 0, sizes: [(UInt64, UInt64)] = []
        for tensor in tensors {
            let size = Self.bytes(tensor.extents, type: tensor.type), place = offsets[tensor.name] ?? offset
            data.append(tensor.name)
            data.append(UInt32(tensor.extents.count))
            tensor.extents.forEach { data.append($0) }
            data.append(tensor.type)
            data.append(place)
            sizes.append((place, size))
            offset += (size + UInt64(alignment) - 1) / UInt64(alignment) * UInt64(alignment)
        }
        data.append(Data(count: (alignment - data.count % alignment) % alignment))
        data.append(Data(count: Int(min(offset, 1 << 16))))
        return data.dropLast(missingBytes)
    }

    private static func bytes(_ extents: [UInt64], type: UInt32) -> UInt64 {
        let count = extents.reduce(UInt64(1)) { $0.multipliedReportingOverflow(by: $1).partialValue } % (1 << 16)
        switch type {
        case 0: return count * 4
        case 2: return count / 32 * 18
        case 8: return count / 32 * 34
        case 12: return count / 256 * 144
        case 14: return count / 256 * 210
        default: return count * 2
        }
    }
}

extension Data {
    mutating func append<Integer: FixedWidthInteger>(_ integer: Integer) {
        Swift.withUnsafeBytes(of: integer.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(_ string: String) {
        append(UInt64(string.utf8.count))
        append(contentsOf: string.utf8)
    }

    mutating func append(_ value: ScratchGGUF.Value) {
        switch value {
        case .uint32(let integer):
            append(UInt32(4))
            append(integer)
        case .uint64(let integer):
            append(UInt32(10))
            append(integer)
        case .float(let float):
            append(UInt32(6))
            append(float.bitPattern)
        case .bool(let byte):
            append(UInt32(7))
            append(byte)
        case .string(let string):
            append(UInt32(8))
            append(string)
        case .strings(let strings):
            append(UInt32(9))
            append(UInt32(8))
            append(UInt64(strings.count))
            strings.forEach { append($0) }
        case .int32s(let integers):
            append(UInt32(9))
            append(UInt32(5))
            append(UInt64(integers.count))
            integers.forEach { append($0) }
        case .raw(let type, let bytes):
            append(type)
            append(bytes)
        }
    }
}
