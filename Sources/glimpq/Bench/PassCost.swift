import Checkpoints
import Decoder
import Kernels

/// What forward passes of a model need at least: bytes to read where there are few rows, multiplications and additions
/// where there are many. Both are estimates: norms, rotations and the traffic of intermediate results are left out.
struct PassCost {
    private let shape: ModelShape
    private let weightBytes: Int
    private let isTied: Bool
    private let cacheFormat: KeyValueFormat

    /// - Parameters:
    ///   - weightBytes: All weights in memory.
    ///   - isTied: Whether the output head is the embedding.
    ///   - cacheFormat: How keys and values are held.
    init(shape: ModelShape, weightBytes: Int, isTied: Bool, cacheFormat: KeyValueFormat) {
        self.cacheFormat = cacheFormat
        self.shape = shape
        self.weightBytes = weightBytes
        self.isTied = isTied
    }

    private var embeddingParameters: Int { shape.vocabularySize * shape.hidden }

    /// Bytes of one step over sequences of that context: every weight of the products once, keys and values of every
    /// sequence once. An embedding of its own is looked up, not read.
    func bytes(sequences: Int, context: Int) -> Double {
        let read = isTied ? 1 : 1 - Double(embeddingParameters) / Double(shape.parameterCount)
        let perToken = KeyValueCache.bytesPerBlock(shape, format: cacheFormat) / KeyValueCache.blockTokens
        return Double(weightBytes) * read + Double(sequences * context * perToken)
    }

    /// Operations, a multiplication and an addition counting as two, of `rows` rows that each attend to `context` tokens
    /// on average, `logitRows` of them with logits.
    func operations(rows: Int, context: Double, logitRows: Int) -> Double {
        let layers = shape.parameterCount - embeddingParameters * (isTied ? 1 : 2)
        let attention = 2 * Double(shape.layers * shape.queryWidth) * context
        return 2 * (Double(rows) * (Double(layers) + attention) + Double(logitRows * embeddingParameters))
    }
}
