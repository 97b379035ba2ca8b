public import Checkpoints
import Decoder

/// What a worker takes in memory beside weights and KV caches.
public enum PoolMemory {
    /// Code, tokenizers, traces, connections.
    public static let programBytes = 48 << 20

    /// Rows of logits beside one for each session that a forward pass may keep: those of drafts that it verifies.
    static func extraLogitRows(_ shape: ModelShape) -> Int {
        max(1, (64 << 20) / (shape.vocabularySize * MemoryLayout<Float>.stride))
    }

    /// Bytes that the forward passes of a model need at most: between the layers, and rows of logits for sessions that
    /// decode or probe at a time.
    ///
    /// - Parameters:
    ///   - maximumRows: Most tokens in one forward pass; `nil`: as many as a model of a pool has where nothing is said.
    ///   - threads: Compute threads.
    public static func workingBytes(_ shape: ModelShape, maximumRows: Int? = nil, threads: Int) -> Int {
        let rows = maximumRows ?? ModelPoolDescription.Model.usualBatchTokens
        return Decoder.scratchByteCount(shape, rows: rows, threads: threads)
            + min(rows, MemoryPlan.fullSessions + extraLogitRows(shape)) * shape.vocabularySize
            * MemoryLayout<Float>.stride
    }
}
