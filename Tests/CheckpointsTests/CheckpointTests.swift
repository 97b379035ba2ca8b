import Foundation
import Testing

@testable import Checkpoints

@Suite struct CheckpointTests {
    @Test func opensWhatItShould() throws {
        let checkpoint = try ScratchCheckpoint().open()
        #expect(checkpoint.shape.layers == 1)
        #expect(checkpoint.shape.headDim == 6)
        #expect(checkpoint.shape.parameterCount == 96 + 8 + 8 + 96 + 48 + 48 + 96 + 6 + 6 + 8 + 80 + 80 + 80)
        #expect(checkpoint.endOfTextTokens == [3])
        #expect(checkpoint[.outputHead]?.name == "model.embed_tokens.weight")
        #expect(checkpoint[.layer(0, .queryBias)] == nil)
        #expect(checkpoint[.layer(0, .key)]?.shape == [6, 8])
    }

    @Test func sourcesAndSampleTellWeightsApart() throws {
        let scratch = try ScratchCheckpoint()
        let first = try scratch.open(), sample = first.sample
        let file = try #require(first.sources.first)
        #expect(first.sources.count == 1 && file.name == "model.safetensors")
        #expect(file.byteCount == first.fileByteCount)
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/model.safetensors")
        let time = try #require(attributes[.modificationDate] as? Date)
        #expect(abs(Double(file.modified) / 1e9 - time.timeIntervalSince1970) < 1e-3)
        // One bit in the middle of one tensor.
        var bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/model.safetensors"))
        let tensor = try #require(first[.layer(0, .down)])
        bytes[tensor.range.lowerBound + tensor.byteCount / 2] ^= 1
        try scratch.write("model.safetensors", bytes)
        let second = try Checkpoint.open(path: scratch.path)
        #expect(second.sample != sample && second.fingerprint == first.fingerprint)
    }

    @Test(arguments: ["model.safetensors", "model.safetensors.index.json", "config.json"])
    func aPartNamesItsFolder(_ name: String) throws {
        let scratch = try ScratchCheckpoint()
        _ = try scratch.open()
        try scratch.write(name, Data("{}".utf8))
        #expect(
            throws: CheckpointError.notACheckpoint(
                path: "\(scratch.path)/\(name)",
                reason: "it is a part of one; name the folder that holds it: \(scratch.path)")
        ) { try Checkpoint.open(path: "\(scratch.path)/\(name)") }
    }

    @Test func generationConfigurationNamesTheEndTokens() throws {
        let scratch = try ScratchCheckpoint()
        try scratch.write("generation_config.json", Data(#"{"eos_token_id": [7, 2]}"#.utf8))
        #expect(try scratch.open().endOfTextTokens == [2, 7])
    }

    @Test func fingerprintFollowsConfigurationAndHeader() throws {
        let scratch = try ScratchCheckpoint()
        let first = try scratch.open().fingerprint
        #expect(first.count == 16)
        #expect(try scratch.open().fingerprint == first)
        scratch.config["rms_norm_eps"] = 1e-5
        let second = try scratch.open().fingerprint
        #expect(second != first)
        scratch.elementType = "BF16"
        #expect(try scratch.open().fingerprint != second)
    }

    @Test func fingerprintIsFNV() {
        var empty = Fingerprint()
        #expect(empty.text == "cbf29ce484222325")
        empty.add("foobar".utf8)
        #expect(empty.text == "85944171f73967e8")
    }

    @Test func withoutThePrefix() throws {
        let scratch = try ScratchCheckpoint()
        scratch.tensors = Dictionary(
            uniqueKeysWithValues: scratch.tensors.map { (String($0.key.dropFirst("model.".count)), $0.value) })
        #expect(try scratch.open()[.embedding]?.name == "embed_tokens.weight")
    }

    @Test func tiedFilesMayCarryTheirHead() throws {
        let scratch = try ScratchCheckpoint()
        scratch.tensors["lm_head.weight"] = [12, 8]
        scratch.tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = [3]
        #expect(scratch.error() == nil)
    }

    @Test func missingTensor() throws {
        let scratch = try ScratchCheckpoint()
        scratch.tensors["model.layers.0.mlp.up_proj.weight"] = nil
        #expect(scratch.error() == .missingTensor(path: scratch.path, name: "model.layers.0.mlp.up_proj.weight"))
    }

    @Test func wrongShape() throws {
        let scratch = try ScratchCheckpoint()
        scratch.tensors["model.layers.0.mlp.up_proj.weight"] = [8, 10]
        let error = try #require(scratch.error())
        #expect(error.code == "tensor_shape")
        #expect(error.description.contains("expected shape [10, 8] from the configuration, got [8, 10]"))
    }

    @Test func unknownTensor() throws {
        let scratch = try ScratchCheckpoint()
        scratch.tensors["model.layers.0.mlp.router.weight"] = [4]
        #expect(try #require(scratch.error()).description.contains("model.layers.0.mlp.router.weight"))
    }

    @Test func otherFormats() throws {
        let file = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: #filePath) }
        #expect(file?.code == "not_a_checkpoint")
        let absent = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: "/does/not/exist") }
        #expect(absent?.code == "checkpoint_unreadable")
        let scratch = try ScratchCheckpoint()
        let empty = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: scratch.path) }
        #expect(empty?.code == "not_a_checkpoint")
    }
}
