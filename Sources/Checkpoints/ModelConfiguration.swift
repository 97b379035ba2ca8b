/// What `config.json` or the metadata of a GGUF file say about a model, checked to be something that the decoder computes.
public struct ModelConfiguration: Sendable, Hashable {
    /// The model family.
    public let architecture: Architecture
    /// Number of blocks.
    public let layers: Int
    /// Width of the residual stream.
    public let hidden: Int
    /// Query heads.
    public let heads: Int
    /// Key and value heads.
    public let keyValueHeads: Int
    /// Width of a head.
    public let headDim: Int
    /// Width of the feed-forward layer.
    public let intermediate: Int
    /// Rows of the embedding.
    public let vocabularySize: Int
    /// Longest context in tokens.
    public let contextLength: Int
    /// Added to the mean square in RMSNorm.
    public let normEpsilon: Double
    /// Rotary embedding.
    public let rope: RopeConfiguration
    /// The output head is the embedding.
    public let tiedEmbeddings: Bool
    /// Projections of queries, keys and values have biases.
    public let queryKeyValueBias: Bool
    /// The projection after attention has a bias.
    public let attentionOutputBias: Bool
    /// The feed-forward projections have biases.
    public let feedForwardBias: Bool
    /// Queries and keys are normalised per head before the rotary embedding.
    public let headNorm: Bool
}
