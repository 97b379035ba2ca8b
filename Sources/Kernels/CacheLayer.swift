internal import CKernels

/// Where one layer's keys and values lie in the blocks of a paged cache.
///
/// Per block of 16 tokens and per KV head, K is [headDim][16] and V is [16][headDim rounded up to 16].
public struct CacheLayer {
    let layer: gq_cache_layer

    /// - Parameters:
    ///   - base: this layer's keys in block 0; its values follow
    ///   - blockStride: elements from one block to the next
    public init(
        base: UnsafeMutableRawPointer, format: KeyValueFormat, blockStride: Int, keyValueHeads: Int, headDim: Int
    ) {
        let padded = Self.paddedHeadDim(headDim)
        let tokens = Self.blockTokens
        layer = gq_cache_layer(
            base: base, format: format.code, block_stride: blockStride, key_offset: 0,
            value_offset: keyValueHeads * headDim * tokens, key_head_stride: headDim * tokens,
            value_head_stride: padded * tokens, value_token_stride: padded)
    }

    /// Tokens of one block.
    public static let blockTokens = Int(GQ_LANES)

    /// Elements of one layer in one block.
    public static func elementsPerBlock(keyValueHeads: Int, headDim: Int) -> Int {
        keyValueHeads * blockTokens * (headDim + paddedHeadDim(headDim))
    }

    private static func paddedHeadDim(_ headDim: Int) -> Int { (headDim + 15) / 16 * 16 }
}
