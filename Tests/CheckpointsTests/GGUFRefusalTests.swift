import Foundation
import Testing

@testable import Checkpoints

/// Files that are damaged or ask for something that is not computed give errors that name the file and the place.
@Suite struct GGUFRefusalTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let says: String
        let spoil: @Sendable (ScratchGGUF) -> Void
        var testDescription: String { says }

        init(_ says: String, _ spoil: @escaping @Sendable (ScratchGGUF) -> Void) {
            self.says = says
            self.spoil = spoil
        }
    }

    static let cases: [Case] = [
        Case("GGUF version 1 is not supported") { $0.version = 1 },
        Case("big-endian GGUF of version 3 is not supported") { $0.version = UInt32(3).byteSwapped },
        Case("GGUF version 4 is not supported") { $0.version = 4 },
        Case("'general.architecture': 'qwen3moe' is not supported; accepted: llama, qwen2, qwen3") {
            $0.set("general.architecture", .string("qwen3moe"))
        },
        Case("'general.architecture': the key is missing") { $0.set("general.architecture", nil) },
        Case("'qwen3.block_count': the key is missing") { $0.set("qwen3.block_count", nil) },
        Case("'qwen3.block_count': expected 1 to 4096, got 0") { $0.set("qwen3.block_count", .uint32(0)) },
        Case("'qwen3.block_count': expected 1 to 4096, got 9223372036854775807") {
            $0.set("qwen3.block_count", .uint64(.max))
        },
        Case("'qwen3.block_count': expected an integer, got a string") { $0.set("qwen3.block_count", .string("1")) },
        Case("'qwen3.attention.head_count_kv': expected a divisor") {
            $0.set("qwen3.attention.head_count_kv", .uint32(3))
        },
        Case("2 elements of 2 values is not supported; accepted: the same for all blocks") {
            $0.set("qwen3.attention.head_count_kv", .int32s([1, 2]))
        },
        Case("'qwen3.attention.value_length': 4 is not supported") {
            $0.set("qwen3.attention.value_length", .uint32(4))
        },
        Case("'qwen3.rope.dimension_count': 4 is not supported") { $0.set("qwen3.rope.dimension_count", .uint32(4)) },
        Case("'qwen3.rope.freq_base': expected a finite number, got nan") {
            $0.set("qwen3.rope.freq_base", .float(.nan))
        },
        Case("'qwen3.rope.scaling.type': 'longrope' is not supported; accepted: none, linear, yarn") {
            $0.set("qwen3.rope.scaling.type", .string("longrope"))
        },
        Case("'qwen3.rope.scaling.factor': the key is missing") { $0.set("qwen3.rope.scaling.type", .string("yarn")) },
        Case("'qwen3.expert_count': a mixture of experts is not supported") {
            $0.set("qwen3.expert_count", .uint32(8))
        },
        Case("'qwen3.attention.sliding_window': a window of 32 tokens is not supported") {
            $0.set("qwen3.attention.sliding_window", .uint32(32))
        },
        Case("'general.type': 'adapter' is not supported") { $0.set("general.type", .string("adapter")) },
        Case("'qwen3.final_logit_softcapping': 30.0 is not supported") {
            $0.set("qwen3.final_logit_softcapping", .float(30))
        },
        Case("'general.alignment': expected a power of 2, got 24") { $0.set("general.alignment", .uint32(24)) },
        Case("'general.alignment': expected 1 to") { $0.set("general.alignment", .uint32(0)) },
        Case("expected a boolean of 0 or 1, got 2") { $0.set("qwen3.attention.causal", .bool(2)) },
        Case("'x' has type 13, expected 0 to 12") { $0.set("x", .raw(13, Data())) },
        Case("an array of arrays is not supported") {
            $0.set("x", .raw(9, Data([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])))
        },
        Case("18446744073709551615 elements of 'x' of at least 1 bytes do not fit") {
            $0.set("x", .raw(9, Data([0, 0, 0, 0] + [UInt8](repeating: 255, count: 8))))
        },
        Case("elements of 'x' of at least 8 bytes do not fit") {
            $0.set("x", .raw(9, Data([8, 0, 0, 0] + [0, 0, 0, 0, 1, 0, 0, 0])))
        },
        Case("'x' has 18446744073709551615 bytes") { $0.set("x", .raw(8, Data(repeating: 255, count: 8))) },
        Case("metadata key 'x' appears twice") { $0.keys += [("x", .uint32(1)), ("x", .uint32(2))] },
        Case("'general.architecture': the text is not UTF-8") {
            $0.set("general.architecture", .raw(8, Data([1, 0, 0, 0, 0, 0, 0, 0, 0xff])))
        },
        Case("'tokenizer.ggml.tokens': 13 tokens, expected at most the 12 rows of the embedding") {
            $0.set("tokenizer.ggml.tokens", .strings(Array(repeating: "x", count: 13)))
        },
        Case("'tokenizer.ggml.token_type': 11 elements, expected one for each of 12 tokens") {
            $0.set("tokenizer.ggml.token_type", .int32s(Array(repeating: 1, count: 11)))
        },
        Case("'tokenizer.ggml.model': the key is missing") { $0.set("tokenizer.ggml.model", nil) },
        Case("'tokenizer.ggml.eos_token_id': expected 0 to 11, got 12") {
            $0.set("tokenizer.ggml.eos_token_id", .uint32(12))
        },
        Case("tensor 'blk.0.ffn_up.weight' is missing") { $0.tensors.removeAll { $0.name == "blk.0.ffn_up.weight" } },
        Case("tensor 'token_embd.weight' is missing") { $0.tensors.removeAll { $0.name == "token_embd.weight" } },
        Case("tensor 'blk.0.ffn_up.weight': expected shape [10, 8] from the configuration, got [8, 10]") {
            $0.tensors[11].extents = [10, 8]
        },
        Case("tensor 'blk.0.ffn_up.weight': the name appears twice") { $0.tensors.append($0.tensors[11]) },
        Case("tensor 'cls.weight': a tensor that qwen3 does not use") { $0.tensors.append(("cls.weight", [8], 0)) },
        Case("has 5 extents, expected 1 to 4") { $0.tensors[0].extents = [1, 1, 1, 8, 12] },
        Case("has 0 extents, expected 1 to 4") { $0.tensors[0].extents = [] },
        Case("extents [0, 12] are 0 or overflow") { $0.tensors[0].extents = [0, 12] },
        Case("are 0 or overflow") { $0.tensors[0].extents = [1 << 40, 1 << 40] },
        Case("expected too many bytes") { $0.tensors[0].extents = [.max] },
        Case("Q8_0 with rows of 8 elements is not supported; accepted: rows of whole blocks of 32") {
            $0.tensors[0].type = 8
        },
        Case("Q4_K with rows of 8 elements is not supported; accepted: rows of whole blocks of 256") {
            $0.tensors[0].type = 12
        },
        Case("offset 8 is no multiple of the alignment 32") { $0.offsets["blk.0.ffn_up.weight"] = 8 },
        Case("its data overlaps tensor") { $0.offsets["blk.0.ffn_up.weight"] = 0 },
        Case("the file is truncated or damaged") { $0.offsets["blk.0.ffn_up.weight"] = 1 << 20 },
        Case("the file is truncated or damaged") { $0.offsets["blk.0.ffn_up.weight"] = .max - 31 },
        Case("the file is truncated or damaged") { $0.missingBytes = 320 },
        Case("'split.count': expected a file name that ends in -00001-of-00002.gguf") {
            $0.set("split.count", .uint32(2))
        },
    ]

    @Test(arguments: cases) func isRefused(_ test: Case) throws {
        let scratch = try ScratchGGUF()
        test.spoil(scratch)
        let error = try #require(scratch.error(), "opened")
        #expect(error.description.contains(test.says), "\(error)")
        #expect(error.description.contains(scratch.folder), "\(error)")
    }

    @Test func everythingAtOnce() throws {
        let scratch = try ScratchGGUF()
        scratch.tensors[3].type = 11
        scratch.tensors[4].type = 11
        scratch.tensors[5].type = 23
        scratch.set("qwen3.expert_count", .uint32(4))
        scratch.set("qwen3.rope.scaling.type", .string("longrope"))
        let error = try #require(scratch.error())
        #expect(error.code == "checkpoint_unsupported")
        let lines = error.description.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].contains("tensor 'blk.0.attn_q.weight' and 1 more: Q3_K is not supported; accepted: F32, F16"))
        #expect(lines[1].contains("IQ4_XS is not supported"))
    }

    @Test func ropeScaling() throws {
        let scratch = try ScratchGGUF()
        func scaling(_ type: String?, _ numbers: [String: Float]) throws -> RopeConfiguration.Scaling {
            scratch.keys.removeAll { $0.0.hasPrefix("qwen3.rope.scal") }
            if let type { scratch.set("qwen3.rope.scaling.type", .string(type)) }
            for (key, number) in numbers { scratch.set("qwen3.rope.\(key)", .float(number)) }
            return try scratch.open().configuration.rope.scaling
        }
        #expect(try scaling(nil, [:]) == .none)
        #expect(try scaling("none", ["scaling.factor": 4]) == .none)
        #expect(try scaling("linear", ["scaling.factor": 2.5]) == .linear(factor: 2.5))
        #expect(try scaling(nil, ["scale_linear": 2]) == .linear(factor: 2))
        let yarn = try scaling("yarn", ["scaling.factor": 4, "scaling.yarn_beta_fast": 16, "scaling.attn_factor": 2])
        guard case .yarn(4, 16, 1, 64, let attention, true) = yarn else { return #expect(Bool(false), "\(yarn)") }
        #expect(abs(attention - 2 * 1.1386294) < 1e-6)
        #expect(try scratch.open().shape.contextLength == 256)
    }
}
