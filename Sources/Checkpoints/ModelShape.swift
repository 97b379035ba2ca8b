/// The extents of a decoder-only transformer.
public struct ModelShape: Sendable, Hashable {
    /// Number of blocks.
    public let layers: Int
    /// Width of the residual stream.
    public let hidden: Int
    /// Query heads.
    public let heads: Int
    /// Key and value heads; divides `heads`.
    public let keyValueHeads: Int
    /// Width of a head; even, not always hidden / heads.
    public let headDim: Int
    /// Width of the feed-forward layer.
    public let intermediate: Int
    /// Rows of the embedding; possibly more than the tokenizer has.
    public let vocabularySize: Int
    /// Longest context in tokens.
    public let contextLength: Int
    /// Weights, tied ones counted once.
    public let parameterCount: Int

    /// Creates a shape; the caller has checked the extents.
    public init(
        layers: Int, hidden: Int, heads: Int, keyValueHeads: Int, headDim: Int, intermediate: Int, vocabularySize: Int,
        contextLength: Int, parameterCount: Int
    ) {
        self.layers = layers
        self.hidden = hidden
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headDim = headDim
        self.intermediate = intermediate
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.parameterCount = parameterCount
    }

    /// Width of all query heads together.
    public var queryWidth: Int { heads * headDim }
    /// Width of all key heads together, and of all value heads.
    public var keyValueWidth: Int { keyValueHeads * headDim }
}
