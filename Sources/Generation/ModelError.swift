/// Why a model could not serve a request.
public enum ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Context and requested tokens do not fit the model.
    case contextTooLong(model: String, tokens: Int, limit: Int)
    /// The request makes no sense: an empty context, a token outside the vocabulary, a limit below 1.
    case invalidRequest(String)
    /// The template cannot render the conversation.
    case unsupportedConversation(String)
    /// The forward pass gave a non-finite logit.
    case nonFiniteLogits(model: String)
    /// The KV cache cannot hold even this one sequence.
    case cacheTooSmall(model: String, blocksNeeded: Int, blocks: Int)
    /// The engine is shutting down.
    case shutDown

    /// A bounded label for metrics and for the column `error_class`.
    public var code: String {
        switch self {
        case .contextTooLong: "context_too_long"
        case .invalidRequest: "invalid_request"
        case .unsupportedConversation: "unsupported_conversation"
        case .nonFiniteLogits: "non_finite_logits"
        case .cacheTooSmall: "cache_too_small"
        case .shutDown: "shut_down"
        }
    }

    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .contextTooLong(let model, let tokens, let limit):
            "context of \(tokens) tokens does not fit model \(model), which takes \(limit); shorten the prompt"
        case .invalidRequest(let reason): "invalid request: \(reason)"
        case .unsupportedConversation(let reason): "the prompt template cannot render the conversation: \(reason)"
        case .nonFiniteLogits(let model): "model \(model) computed a non-finite logit; check the checkpoint"
        case .cacheTooSmall(let model, let needed, let blocks):
            "the KV cache of model \(model) has \(blocks) blocks of 16 tokens, one sequence needs \(needed); "
                + "raise kv_cache_mib or memory_mib in the pool file"
        case .shutDown: "the engine is shutting down"
        }
    }
}
