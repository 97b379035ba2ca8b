public import Decoder

/// What happens while a pool is loaded.
public enum PoolLoadEvent: Sendable, Hashable {
    /// The memory is divided; nothing is loaded yet.
    case planned(PoolPlan)
    /// The weights of a model.
    case weights(model: String, LoadEvent)
    /// A model is there.
    case loaded(ModelPlan)
}
