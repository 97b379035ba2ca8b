import Checkpoints
import Decoder
public import Generation
import Kernels

/// What one model of a pool is and the memory it takes.
public struct ModelPlan: Sendable, Hashable, Codable {
    /// Name, size and weights.
    public var identity: ModelIdentity
    /// Where it was loaded from; "simulated" if it has no weights.
    public var path: String
    /// `exact` or `fast` products.
    public var precision: String
    /// Bytes of weights in memory.
    public var weightBytes: Int
    /// The file of packed weights that the model shares with other processes; nil if the weights are this process's own.
    public var weightFile: String?
    /// Bytes between the layers of the largest forward pass.
    public var scratchBytes: Int
    /// How the KV cache holds keys and values.
    public var cacheFormat: String
    /// Bytes of the KV cache when full.
    public var cacheBytes: Int
    /// Tokens that the KV cache holds.
    public var cacheTokens: Int

    init(_ opened: OpenedModel, blocks: Int, threads: Int, cache: WeightCache?) {
        let demand = opened.demand(threads: threads), shape = opened.checkpoint.shape
        identity = ModelIdentity(
            name: opened.name, parameterCount: shape.parameterCount, contextLength: shape.contextLength,
            fingerprint: opened.checkpoint.weightsFingerprint)
        path = opened.path
        precision = opened.precision.rawValue
        weightBytes = demand.weightBytes
        weightFile = cache?.lookUp(opened.checkpoint, family: opened.family, precision: opened.precision)?.path
        scratchBytes = demand.scratchBytes
        cacheFormat = opened.cacheFormat.rawValue
        cacheBytes = blocks * demand.blockBytes
        cacheTokens = blocks * KeyValueCache.blockTokens
    }

    /// A simulated model takes no memory worth planning.
    init(simulated identity: ModelIdentity) {
        self.identity = identity
        path = "simulated"
        precision = "none"
        weightBytes = 0
        scratchBytes = 0
        cacheFormat = "none"
        cacheBytes = 0
        cacheTokens = 0
    }
}

/// What a pool takes in all.
public struct PoolPlan: Sendable, Hashable {
    /// What may be taken, and why so much.
    public var budget: MemoryBudget
    /// Everything together, when the caches are full.
    public var bytes: Int
    /// The models, in the order of names.
    public var models: [ModelPlan]
    /// Compute threads.
    public var threads: Int
}
