/// The model families whose forward pass is implemented.
public enum Architecture: String, Sendable, Hashable, CaseIterable {
    case llama
    /// Also Qwen2.5.
    case qwen2
    case qwen3

    /// The class name in `architectures`.
    var className: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        }
    }
}
