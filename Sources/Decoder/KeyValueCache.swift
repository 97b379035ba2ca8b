public import Checkpoints
public import Kernels

/// The paged memory of keys and values of one model, used by one forward pass at a time.
///
/// Layout: [layer][block] { K [kvHead][headDim][16], V [kvHead][16][headDim rounded up to 16] }, so that attention reads
/// neighbouring blocks of a sequence as one stream. Memory is reserved at once but takes up room only where blocks have
/// been written.
public final class KeyValueCache: Sendable {
    /// Tokens of one block.
    public static let blockTokens = CacheLayer.blockTokens
    /// Number of blocks.
    public let blockCount: Int
    /// How keys and values are held.
    public let format: KeyValueFormat
    /// What it was made for.
    let shape: ModelShape
    private let memory: ReservedMemory

    /// Reserves the blocks. Throws `KernelError.outOfMemory` if the system has no such address range.
    public init(shape: ModelShape, blockCount: Int, format: KeyValueFormat) throws {
        precondition(blockCount >= 0 && blockCount <= Int(Int32.max), "a block number fits 32 bits")
        let (bytes, overflow) = Self.bytesPerBlock(shape, format: format).multipliedReportingOverflow(by: blockCount)
        guard !overflow, let memory = ReservedMemory(byteCount: bytes) else {
            throw KernelError.outOfMemory(
                bytes: overflow ? .max : bytes, purpose: "a KV cache of \(blockCount * Self.blockTokens) tokens")
        }
        self.memory = memory
        self.shape = shape
        self.blockCount = blockCount
        self.format = format
    }

    /// Bytes of one block over all layers.
    public static func bytesPerBlock(_ shape: ModelShape, format: KeyValueFormat) -> Int {
        shape.layers * elementsPerLayer(shape) * format.elementBytes
    }

    /// Makes every element a NaN, so that tests see whether stale contents show.
    func fillWithNaN() { memory.start.initializeMemory(as: UInt8.self, repeating: 0xff, count: memory.byteCount) }

    /// Where a layer's rows go.
    func layer(_ index: Int) -> CacheLayer {
        let elements = Self.elementsPerLayer(shape)
        return CacheLayer(
            base: memory.start + index * blockCount * elements * format.elementBytes, format: format,
            blockStride: elements, keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
    }

    private static func elementsPerLayer(_ shape: ModelShape) -> Int {
        CacheLayer.elementsPerBlock(keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
    }
}
