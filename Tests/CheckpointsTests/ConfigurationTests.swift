import Foundation
import Testing

@testable import Checkpoints

/// `config.json`: both spellings, and everything that would change the arithmetic is refused by name.
@Suite struct ConfigurationTests {
    /// A key, a value that is not computed, and a word that the error must hold.
    static let refused: [(key: String, json: String, names: String)] = [
        ("model_type", #""mixtral""#, "mixtral"), ("architectures", #"["Qwen3MoeForCausalLM"]"#, "Qwen3MoeForCausalLM"),
        ("hidden_act", #""gelu""#, "gelu"), ("num_experts", "8", "num_experts"),
        ("num_local_experts", "8", "num_local_experts"), ("partial_rotary_factor", "0.5", "partial_rotary_factor"),
        ("quantization_config", #"{"bits": 4}"#, "quantization_config"),
        ("use_sliding_window", "true", "use_sliding_window"),
        ("layer_types", #"["full_attention", "sliding_attention"]"#, "sliding_attention"),
        ("rope_scaling", #"{"rope_type": "longrope", "factor": 2}"#, "longrope"),
        ("rope_scaling", #"{"type": "dynamic", "factor": 2}"#, "rope_scaling.type"),
        (
            "rope_parameters", #"{"rope_type": "default", "partial_rotary_factor": 0.25}"#,
            "rope_parameters.partial_rotary_factor"
        ),
        ("head_dim", "7", "head_dim"),
    ]

    @Test(arguments: refused.indices) func refuses(_ index: Int) throws {
        let (key, json, names) = Self.refused[index]
        let scratch = try ScratchCheckpoint()
        scratch.config[key] = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        let error = try #require(scratch.error())
        #expect(error.code == "checkpoint_unsupported")
        #expect(error.description.contains(names))
        #expect(error.description.contains("config.json"))
    }

    @Test func everythingIsRefusedAtOnce() throws {
        let scratch = try ScratchCheckpoint()
        scratch.config["hidden_act"] = "gelu"
        scratch.config["num_experts"] = 8
        scratch.config["layer_types"] = ["sliding_attention", "sliding_attention"]
        guard case .several(let errors) = scratch.error() else {
            Issue.record("expected several errors")
            return
        }
        #expect(errors.count == 3)
        for (error, word) in zip(errors, ["'gelu'", "num_experts", "'sliding_attention'"]) {
            #expect(error.description.contains(word))
        }
    }

    static let malformed: [(key: String, json: String)] = [
        ("hidden_size", "null"), ("hidden_size", "0"), ("hidden_size", "-8"), ("hidden_size", "9e99"),
        ("hidden_size", "9223372036854775807"), ("hidden_size", #""8""#), ("num_hidden_layers", "100000"),
        ("num_key_value_heads", "3"), ("vocab_size", "1.5"), ("rms_norm_eps", "0"), ("rope_theta", "1"),
        ("tie_word_embeddings", "1"), ("rope_scaling", #""yarn""#), ("rope_scaling", #"{"rope_type": "yarn"}"#),
        ("rope_scaling", #"{"rope_type": "linear", "factor": 0}"#),
        ("rope_scaling", #"{"rope_type": "linear", "factor": 1e-320}"#),
        ("rope_scaling", #"{"rope_type": "yarn", "factor": 4, "attention_factor": 1e300}"#),
        ("rope_scaling", #"{"rope_type": "yarn", "factor": 4, "mscale": 1, "mscale_all_dim": -7.2134752044448}"#),
        ("eos_token_id", "12"), ("eos_token_id", "[1, -1]"),
        ("max_position_embeddings", "99999999999"), ("model_type", "null"),
    ]

    @Test(arguments: malformed.indices) func malformedValues(_ index: Int) throws {
        let (key, json) = Self.malformed[index]
        let scratch = try ScratchCheckpoint()
        scratch.config[key] = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        let error = try #require(scratch.error())
        #expect(error.code == "checkpoint_malformed")
        #expect(error.description.contains(key))
    }

    @Test func bothSpellingsOfRope() throws {
        let old = try ScratchCheckpoint()
        old.config["rope_theta"] = 5e5
        old.config["rope_scaling"] = [
            "type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 16,
        ]
        let new = try ScratchCheckpoint()
        new.config["rope_theta"] = nil
        new.config["rope_parameters"] = [
            "rope_type": "llama3", "rope_theta": 5e5, "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 16,
        ]
        let expected = RopeConfiguration(
            theta: 5e5,
            scaling: .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 16))
        #expect(try old.open().configuration.rope == expected)
        #expect(try new.open().configuration.rope == expected)
    }

    @Test func yarnStretchesTheContext() throws {
        let scratch = try ScratchCheckpoint()
        scratch.config["rope_scaling"] = ["rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 32]
        let configuration = try scratch.open().configuration
        #expect(configuration.contextLength == 128)
        guard case .yarn(_, let fast, let slow, _, let attention, true) = configuration.rope.scaling else {
            Issue.record("expected yarn")
            return
        }
        #expect(fast == 32)
        #expect(slow == 1)
        #expect(abs(attention - 1.1386294361119891) < 1e-12)
    }

    @Test func slidingWindowThatIsOffIsIgnored() throws {
        let scratch = try ScratchCheckpoint()
        scratch.config["use_sliding_window"] = false
        scratch.config["sliding_window"] = 4096
        #expect(scratch.error() == nil)
    }
}
