public import Checkpoints
internal import Kernels

/// The paged memory of keys and values of one model, in float32. Not thread-safe: it belongs to one engine thread.
///
/// Layout: [layer][block] { K [kvHead][headDim][16], V [kvHead][16][headDim rounded up to 16] }, so that attention reads
/// neighbouring blocks of a sequence as one stream. Memory is reserved at once but takes up room only where blocks have
/// been written.
public final class KeyValueCache {
    /// Tokens of one block.
    public static let blockTokens = CacheLayer.blockTokens
    /// Number of blocks.
    public let blockCount: Int
    /// What it was made for.
    let shape: ModelShape
    private let memory: ReservedMemory

    /// Reserves the blocks. Traps if the system has no such address range: size it by `bytesPerBlock` first.
    public init(shape: ModelShape, blockCount: Int) {
        precondition(blockCount >= 0 && blockCount <= Int(Int32.max), "a block number fits 32 bits")
        let (bytes, overflow) = Self.bytesPerBlock(shape).multipliedReportingOverflow(by: blockCount)
        precondition(!overflow, "a KV cache of \(blockCount) blocks exceeds the address space")
        guard let memory = ReservedMemory(byteCount: bytes) else {
            preconditionFailure("the system refused \(bytes) bytes for a KV cache of \(blockCount) blocks")
        }
        self.memory = memory
        self.shape = shape
        self.blockCount = blockCount
    }

    /// Bytes of one block over all layers.
    public static func bytesPerBlock(_ shape: ModelShape) -> Int { floatsPerBlock(shape) * MemoryLayout<Float>.stride }

    /// Overwrites everything, so that tests see whether stale contents show.
    func fill(with value: Float) {
        memory.floats.update(repeating: value, count: blockCount * Self.floatsPerBlock(shape))
    }

    /// Where a layer's rows go.
    func layer(_ index: Int) -> CacheLayer {
        CacheLayer(
            base: memory.floats, blockStride: Self.floatsPerLayer(shape),
            layerOffset: index * blockCount * Self.floatsPerLayer(shape), keyValueHeads: shape.keyValueHeads,
            headDim: shape.headDim)
    }

    private static func floatsPerLayer(_ shape: ModelShape) -> Int {
        CacheLayer.floatsPerBlock(keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
    }

    private static func floatsPerBlock(_ shape: ModelShape) -> Int { shape.layers * floatsPerLayer(shape) }
}
