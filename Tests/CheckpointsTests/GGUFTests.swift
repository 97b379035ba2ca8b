import Foundation
import Testing

@testable import Checkpoints

/// What GGUF files hold, and that hostile or truncated ones give errors that name the file and the place.
@Suite struct GGUFTests {
    @Test func opensWhatItShould() throws {
        let scratch = try ScratchGGUF()
        for version: UInt32 in [2, 3] {
            scratch.version = version
            let checkpoint = try scratch.open()
            #expect(checkpoint.configuration.architecture == .qwen3)
            #expect(checkpoint.configuration.tiedEmbeddings)
            #expect(checkpoint.configuration.headNorm)
            #expect(!checkpoint.configuration.queryKeyValueBias)
            #expect(checkpoint.shape.headDim == 6)
            #expect(checkpoint.shape.vocabularySize == 12)
            #expect(checkpoint.shape.contextLength == 64)
            #expect(checkpoint[.layer(0, .query)]?.elementType == .float16)
            #expect(checkpoint[.layer(0, .key)]?.elementType == .bfloat16)
            #expect(checkpoint[.layer(0, .key)]?.shape == [6, 8])
            #expect(checkpoint[.outputHead]?.name == "token_embd.weight")
            #expect(checkpoint.endOfTextTokens == [3])
            #expect(checkpoint.tokenizer?.preTokenizer == "qwen2")
            #expect(checkpoint.tokenizer?.tokens.slices.map { String(decoding: $0, as: UTF8.self) }.last == "t11")
            #expect(checkpoint.fingerprint.count == 16)
        }
    }

    @Test func anotherNameDoesNotMatter() throws {
        let scratch = try ScratchGGUF()
        let expected = try scratch.open().fingerprint
        try scratch.write(scratch.data(), as: "sha256-5feceb66")
        let path = URL(fileURLWithPath: scratch.path).deletingLastPathComponent().path + "/sha256-5feceb66"
        #expect(try Checkpoint.open(path: path).fingerprint == expected)
        try scratch.write(Data("GGU".utf8), as: "sha256-5feceb66")
        #expect(throws: CheckpointError.notACheckpoint(path: path, reason: "expected a folder or a GGUF file")) {
            try Checkpoint.open(path: path)
        }
    }

    @Test func fingerprintFollowsMetadata() throws {
        let scratch = try ScratchGGUF()
        let first = try scratch.open().fingerprint
        #expect(try scratch.open().fingerprint == first)
        scratch.set("tokenizer.ggml.eos_token_id", .uint32(4))
        #expect(try scratch.open().fingerprint != first)
    }

    @Test func aFolderWithOneFile() throws {
        let scratch = try ScratchGGUF()
        _ = try scratch.open()
        #expect(try Checkpoint.open(path: scratch.folder).path == scratch.path)
        try scratch.write(scratch.data(), as: "other.gguf")
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.folder) }
        #expect(error?.description.contains("model.gguf, other.gguf") == true)
    }

    @Test func endsOfText() throws {
        let scratch = try ScratchGGUF()
        scratch.set("tokenizer.ggml.eot_token_id", .uint32(5))
        scratch.set("tokenizer.ggml.eom_token_id", .uint32(7))
        var tokens = (0..<12).map { "t\($0)" }, types = [Int32](repeating: 1, count: 12)
        (tokens[9], types[9], tokens[10]) = ("<|endoftext|>", 3, "<|im_end|>")
        scratch.set("tokenizer.ggml.tokens", .strings(tokens))
        scratch.set("tokenizer.ggml.token_type", .int32s(types))
        #expect(try scratch.open().endOfTextTokens == [3, 5, 7, 9])
    }

    @Test func biasesByTheirTensors() throws {
        let scratch = try ScratchGGUF()
        scratch.tensors.append(("blk.0.attn_q.bias", [12], 0))
        #expect(scratch.error() == .missingTensor(path: scratch.path, name: "blk.0.attn_k.bias"))
        scratch.tensors += [
            ("blk.0.attn_k.bias", [6], 0), ("blk.0.attn_v.bias", [6], 0), ("output.weight", [8, 12], 0),
        ]
        let checkpoint = try scratch.open()
        #expect(checkpoint.configuration.queryKeyValueBias)
        #expect(!checkpoint.configuration.tiedEmbeddings)
    }

    @Test func llamaRowsTakeTurns() throws {
        let scratch = try ScratchGGUF()
        scratch.keys = scratch.keys.map { ($0.0.replacing("qwen3", with: "llama"), $0.1) }
        scratch.set("general.architecture", .string("llama"))
        scratch.tensors.removeAll { $0.name.contains("_norm.weight") && $0.name.contains("attn_q") }
        scratch.tensors.removeAll { $0.name.contains("_norm.weight") && $0.name.contains("attn_k") }
        let checkpoint = try scratch.open()
        let query = try #require(checkpoint[.layer(0, .query)])
        #expect((0..<12).map(query.row) == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11])
        let value = try #require(checkpoint[.layer(0, .value)])
        #expect((0..<6).map(value.row) == Array(0..<6))
    }

    @Test func everyTruncationIsAnError() throws {
        let scratch = try ScratchGGUF()
        let whole = scratch.data()
        for count in stride(from: 0, to: whole.count - 32, by: 7) {
            try scratch.write(whole.prefix(count))
            #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
        }
    }

    @Test func damagedBytesNeverTrap() throws {
        let scratch = try ScratchGGUF()
        let whole = scratch.data()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            var data = whole
            for _ in 0..<3 { data[Int.random(in: 0..<2000, using: &random)] = .random(in: 0...255, using: &random) }
            try scratch.write(data)
            _ = try? Checkpoint.open(path: scratch.path).tokenizer?.tokens.slices
        }
    }

    @Test func namesAreUTF8() throws {
        let scratch = try ScratchGGUF()
        for name in ["qwen3.block_count", "output_norm.weight"] {
            var data = scratch.data()
            data[try #require(data.firstRange(of: Data(name.utf8))).lowerBound] = 0xff
            try scratch.write(data)
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
            #expect(error?.description.contains("is not UTF-8") == true)
        }
    }

    @Test func splitFilesBelongTogether() throws {
        let scratch = try ScratchGGUF()
        let all = scratch.tensors, keys = scratch.keys
        func part(
            _ number: UInt32, of count: UInt32, _ tensors: ArraySlice<(name: String, extents: [UInt64], type: UInt32)>
        )
            throws
        {
            scratch.keys = number == 0 ? keys : []
            scratch.set("split.no", .uint32(number))
            scratch.set("split.count", .uint32(count))
            scratch.tensors = Array(tensors)
            try scratch.write(scratch.data(), as: "model-0000\(number + 1)-of-00002.gguf")
        }
        try part(0, of: 2, all[..<5])
        try part(1, of: 2, all[5...])
        let paths = [
            scratch.folder, "\(scratch.folder)/model-00001-of-00002.gguf",
            "\(scratch.folder)/model-00002-of-00002.gguf",
        ]
        for path in paths { #expect(try Checkpoint.open(path: path).allTensors.count == all.count) }
        func error() throws -> String {
            try #require(#expect(throws: CheckpointError.self) { try Checkpoint.open(path: paths[1]) }).description
        }
        try part(1, of: 2, all[4...])
        #expect(try error().contains("another part of the split file has it too"))
        try part(1, of: 3, all[5...])
        #expect(try error().contains("expected 2 as in the other parts, got 3"))
        try FileManager.default.removeItem(atPath: paths[2])
        #expect(try error().contains("No such file"))
    }
}
