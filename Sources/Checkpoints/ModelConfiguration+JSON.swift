extension ModelConfiguration {
    /// Reads `config.json` in the spelling of transformers 5 or before. Throws `CheckpointError`.
    init(config: JSONObject) throws {
        let (architecture, refused) = try Self.architecture(config)
        try CheckpointError.throwAny(of: refused + Self.unsupported(config))
        let extent = 1...(1 << 24)
        hidden = try config.requiredInteger("hidden_size", in: extent)
        layers = try config.requiredInteger("num_hidden_layers", in: 1...4096)
        heads = try config.requiredInteger("num_attention_heads", in: 1...65536)
        keyValueHeads = try config.integer("num_key_value_heads", in: 1...65536) ?? heads
        guard heads % keyValueHeads == 0 else {
            throw config.malformed(
                "num_key_value_heads", "expected a divisor of num_attention_heads \(heads), got \(keyValueHeads)")
        }
        if let explicit = try config.integer("head_dim", in: 1...8192) {
            headDim = explicit
        } else {
            guard hidden % heads == 0 else {
                throw config.malformed(
                    "num_attention_heads", "\(heads) does not divide hidden_size \(hidden) and head_dim is absent")
            }
            headDim = hidden / heads
        }
        guard headDim % 2 == 0, headDim <= 8192 else {
            throw config.unsupported("head_dim", got: "\(headDim)", accepted: "an even number up to 8192")
        }
        intermediate = try config.requiredInteger("intermediate_size", in: extent)
        vocabularySize = try config.requiredInteger("vocab_size", in: extent)
        let trained = try config.requiredInteger("max_position_embeddings", in: 1...Int(Int32.max))
        normEpsilon = try config.positiveNumber("rms_norm_eps") ?? 1e-6
        rope = try RopeConfiguration(config: config, contextLength: trained)
        contextLength = rope.contextLength(trained: trained)
        tiedEmbeddings = try config.bool("tie_word_embeddings") ?? false
        let attentionBias = try config.bool("attention_bias") ?? false
        queryKeyValueBias = architecture == .qwen2 || attentionBias
        attentionOutputBias = architecture != .qwen2 && attentionBias
        feedForwardBias = architecture == .llama ? try config.bool("mlp_bias") ?? false : false
        headNorm = architecture == .qwen3
        self.architecture = architecture
    }

    /// The architecture, and what of its description is not computed. Throws if it is none of ours, with all else that
    /// is refused.
    private static func architecture(_ config: JSONObject) throws -> (Architecture, refused: [CheckpointError]) {
        let accepted = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
        guard let type = try config.string("model_type") else {
            throw config.malformed("model_type", "the key is missing")
        }
        guard let architecture = Architecture(rawValue: type) else {
            let error = config.unsupported("model_type", got: "'\(type)'", accepted: accepted)
            try CheckpointError.throwAny(of: [error] + unsupported(config))
            throw error
        }
        guard case .array(let names) = config["architectures"] else { return (architecture, []) }
        var refused: [CheckpointError] = []
        let base = architecture.className.replacing("ForCausalLM", with: "Model")
        for case .string(let name) in names where name != architecture.className && name != base {
            refused.append(
                config.unsupported("architectures", got: "'\(name)'", accepted: "\(architecture.className)"))
        }
        return (architecture, refused)
    }

    /// By key, everything that would change the arithmetic.
    private static func unsupported(_ config: JSONObject) throws -> [CheckpointError] {
        var refused: [CheckpointError] = []
        func refuse(_ object: JSONObject, _ key: String, got: String, accepted: String) {
            refused.append(object.unsupported(key, got: got, accepted: accepted))
        }
        if let activation = try config.string("hidden_act"), activation != "silu" {
            refuse(config, "hidden_act", got: "'\(activation)'", accepted: "silu")
        }
        for key in ["num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size"]
        where config[key] != nil {
            refuse(config, key, got: "a mixture of experts", accepted: "dense models")
        }
        for object in [config, try config.object("rope_parameters")].compactMap(\.self) {
            if let partial = try object.number("partial_rotary_factor"), partial != 1 {
                refuse(object, "partial_rotary_factor", got: "\(partial)", accepted: "1")
            }
        }
        if config["quantization_config"] != nil {
            refuse(
                config, "quantization_config", got: "a quantised checkpoint", accepted: "F32, F16 or BF16 weights")
        }
        if try config.bool("use_sliding_window") ?? false {
            refuse(config, "use_sliding_window", got: "true", accepted: "full attention")
        }
        if case .array(let types) = config["layer_types"] {
            let names = types.compactMap { if case .string(let type) = $0 { type } else { nil } }
            for type in Set(names).sorted() where type != "full_attention" {
                refuse(config, "layer_types", got: "'\(type)'", accepted: "full_attention")
            }
        }
        return refused
    }
}
