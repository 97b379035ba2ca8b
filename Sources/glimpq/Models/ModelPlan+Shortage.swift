import Engine
import Generation

/// A KV cache that cannot hold what the model could read.
extension ModelPlan {
    /// Whether a job that fills the context window would be refused.
    var holdsLessThanOneContext: Bool { cacheTokens > 0 && cacheTokens < identity.contextLength }

    /// What is short, for people.
    var shortage: String {
        "the KV cache of model \"\(identity.name)\" holds \(Figures.grouped(cacheTokens)) tokens, less than one full "
            + "context of \(Figures.grouped(identity.contextLength)): jobs that grow beyond it cannot run here"
    }

    /// What to do about it.
    static let remedyForShortage =
        "for jobs that long give it a larger kv_cache_mib or memory_mib, or \"kv_cache_type\": \"f16\""
}
