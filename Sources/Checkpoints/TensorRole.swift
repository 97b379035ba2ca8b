/// What a tensor is for, independent of how a file format names it.
public enum TensorRole: Sendable, Hashable {
    /// [vocabulary, hidden]
    case embedding
    /// [hidden], before the output head
    case outputNorm
    /// [vocabulary, hidden]; the embedding itself if tied
    case outputHead
    /// A tensor of one block, counted from 0
    case layer(Int, LayerTensor)

    /// The tensors of one block.
    public enum LayerTensor: String, Sendable, Hashable, CaseIterable {
        /// [hidden]
        case attentionNorm = "input_layernorm.weight"
        /// [heads · headDim, hidden]
        case query = "self_attn.q_proj.weight"
        /// [keyValueHeads · headDim, hidden]
        case key = "self_attn.k_proj.weight"
        /// [keyValueHeads · headDim, hidden]
        case value = "self_attn.v_proj.weight"
        /// [hidden, heads · headDim]
        case attentionOutput = "self_attn.o_proj.weight"
        /// [heads · headDim]
        case queryBias = "self_attn.q_proj.bias"
        /// [keyValueHeads · headDim]
        case keyBias = "self_attn.k_proj.bias"
        /// [keyValueHeads · headDim]
        case valueBias = "self_attn.v_proj.bias"
        /// [hidden]
        case attentionOutputBias = "self_attn.o_proj.bias"
        /// [headDim], shared by all heads
        case queryNorm = "self_attn.q_norm.weight"
        /// [headDim], shared by all heads
        case keyNorm = "self_attn.k_norm.weight"
        /// [hidden]
        case feedForwardNorm = "post_attention_layernorm.weight"
        /// [intermediate, hidden]
        case gate = "mlp.gate_proj.weight"
        /// [intermediate, hidden]
        case up = "mlp.up_proj.weight"
        /// [hidden, intermediate]
        case down = "mlp.down_proj.weight"
        /// [intermediate]
        case gateBias = "mlp.gate_proj.bias"
        /// [intermediate]
        case upBias = "mlp.up_proj.bias"
        /// [hidden]
        case downBias = "mlp.down_proj.bias"
    }

    /// Name in Hugging Face checkpoints, without the prefix `model.`.
    var name: String {
        switch self {
        case .embedding: "embed_tokens.weight"
        case .outputNorm: "norm.weight"
        case .outputHead: "lm_head.weight"
        case .layer(let index, let tensor): "layers.\(index).\(tensor.rawValue)"
        }
    }
}

extension ModelConfiguration {
    /// The tensors that a checkpoint of this configuration must have, with their shapes.
    func requiredTensors() -> [(role: TensorRole, shape: [Int])] {
        var all: [(role: TensorRole, shape: [Int])] = [
            (.embedding, [vocabularySize, hidden]), (.outputNorm, [hidden]),
        ]
        if !tiedEmbeddings { all.append((.outputHead, [vocabularySize, hidden])) }
        let tensors = TensorRole.LayerTensor.allCases.compactMap { tensor in shape(of: tensor).map { (tensor, $0) } }
        for layer in 0..<layers { all += tensors.map { (.layer(layer, $0.0), $0.1) } }
        return all
    }

    /// The shape of a block's tensor; nil if this configuration has none.
    private func shape(of tensor: TensorRole.LayerTensor) -> [Int]? {
        let queries = heads * headDim, keys = keyValueHeads * headDim
        return switch tensor {
        case .attentionNorm, .feedForwardNorm: [hidden]
        case .query: [queries, hidden]
        case .key, .value: [keys, hidden]
        case .attentionOutput: [hidden, queries]
        case .queryBias: queryKeyValueBias ? [queries] : nil
        case .keyBias, .valueBias: queryKeyValueBias ? [keys] : nil
        case .attentionOutputBias: attentionOutputBias ? [hidden] : nil
        case .queryNorm, .keyNorm: headNorm ? [headDim] : nil
        case .gate, .up: [intermediate, hidden]
        case .down: [hidden, intermediate]
        case .gateBias, .upBias: feedForwardBias ? [intermediate] : nil
        case .downBias: feedForwardBias ? [hidden] : nil
        }
    }
}
