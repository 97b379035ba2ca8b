extension TensorRole {
    /// Name in GGUF files.
    var ggufName: String {
        switch self {
        case .embedding: "token_embd.weight"
        case .outputNorm: "output_norm.weight"
        case .outputHead: "output.weight"
        case .layer(let index, let tensor): "blk.\(index).\(tensor.ggufName)"
        }
    }
}

extension TensorRole.LayerTensor {
    /// Name in GGUF files, behind the number of the block.
    var ggufName: String {
        switch self {
        case .attentionNorm: "attn_norm.weight"
        case .query: "attn_q.weight"
        case .key: "attn_k.weight"
        case .value: "attn_v.weight"
        case .attentionOutput: "attn_output.weight"
        case .queryBias: "attn_q.bias"
        case .keyBias: "attn_k.bias"
        case .valueBias: "attn_v.bias"
        case .attentionOutputBias: "attn_output.bias"
        case .queryNorm: "attn_q_norm.weight"
        case .keyNorm: "attn_k_norm.weight"
        case .feedForwardNorm: "ffn_norm.weight"
        case .gate: "ffn_gate.weight"
        case .up: "ffn_up.weight"
        case .down: "ffn_down.weight"
        case .gateBias: "ffn_gate.bias"
        case .upBias: "ffn_up.bias"
        case .downBias: "ffn_down.bias"
        }
    }

    /// Whether llama.cpp orders its rows by pairs of the rotary embedding in models of the Llama architecture.
    var isRotated: Bool {
        switch self {
        case .query, .key, .queryBias, .keyBias: true
        default: false
        }
    }
}
