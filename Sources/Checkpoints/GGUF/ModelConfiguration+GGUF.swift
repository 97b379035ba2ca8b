extension ModelConfiguration {
    /// Reads the metadata of a GGUF file; `tensors` tells which biases the model has, and its vocabulary. Throws
    /// `CheckpointError`, with everything that is not supported at once.
    init(gguf metadata: GGUFMetadata, tensors: [String: CheckpointTensor], unread: [GGUFFile.UnreadTensor]) throws {
        var refusals = GGUFRefusals(metadata)
        refusals.check(unread)
        let architecture = try refusals.architecture()
        func key(_ name: String) -> String { "\(architecture.rawValue).\(name)" }
        let extent = 1...(1 << 24)
        hidden = try metadata.requiredInteger(key("embedding_length"), in: extent)
        layers = try metadata.requiredInteger(key("block_count"), in: 1...4096)
        heads = try metadata.requiredInteger(key("attention.head_count"), in: 1...65536)
        keyValueHeads = try metadata.integer(key("attention.head_count_kv"), in: 1...65536) ?? heads
        guard heads % keyValueHeads == 0 else {
            throw metadata.malformed(
                key("attention.head_count_kv"), "expected a divisor of the head count \(heads), got \(keyValueHeads)")
        }
        if let explicit = try metadata.integer(key("attention.key_length"), in: 1...8192) {
            headDim = explicit
        } else {
            guard hidden % heads == 0 else {
                throw metadata.malformed(
                    key("attention.head_count"),
                    "\(heads) does not divide embedding_length \(hidden) and attention.key_length is absent")
            }
            headDim = hidden / heads
        }
        guard headDim % 2 == 0, headDim <= 8192 else {
            throw metadata.unsupported(
                key("attention.key_length"), got: "\(headDim)", accepted: "an even number up to 8192")
        }
        intermediate = try metadata.requiredInteger(key("feed_forward_length"), in: extent)
        let trained = try metadata.requiredInteger(key("context_length"), in: 1...Int(Int32.max))
        normEpsilon = try metadata.positiveNumber(key("attention.layer_norm_rms_epsilon")) ?? 1e-6
        try refusals.check(architecture, headDim: headDim, contextLength: trained)
        rope = try RopeConfiguration(
            gguf: metadata, architecture: architecture, divisors: tensors[Self.divisorsName], headDim: headDim,
            contextLength: trained, refusals: &refusals)
        try refusals.throwAny()
        contextLength = rope.contextLength(trained: trained)

        let embedding = TensorRole.embedding.ggufName
        guard let rows = tensors[embedding]?.shape.first else {
            throw CheckpointError.missingTensor(path: metadata.file.path, name: embedding)
        }
        guard extent.contains(rows) else {
            throw CheckpointError.malformed(
                file: metadata.file.path, place: "tensor '\(embedding)'",
                reason: "expected \(extent.lowerBound) to \(extent.upperBound) rows, got \(rows)")
        }
        vocabularySize = rows
        func has(_ role: TensorRole) -> Bool { tensors[role.ggufName] != nil }
        func has(_ tensor: TensorRole.LayerTensor) -> Bool { has(.layer(0, tensor)) }
        tiedEmbeddings = !has(.outputHead)
        queryKeyValueBias = architecture == .qwen2 || has(.queryBias)
        attentionOutputBias = has(.attentionOutputBias)
        feedForwardBias = has(.gateBias) || has(.upBias) || has(.downBias)
        headNorm = architecture == .qwen3
        self.architecture = architecture
    }

    /// The tensor that carries Llama 3's scaling of the rotary embedding.
    static let divisorsName = "rope_freqs.weight"
}
