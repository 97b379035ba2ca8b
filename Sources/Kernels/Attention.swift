internal import CKernels

/// Arguments of `VectorKernels.attend`: causal attention of rows of one sequence. Pointers must stay valid during the call.
public struct Attention {
    let call: gq_attention

    /// - Parameters:
    ///   - queries: [rows][queryStride], heads · headDim used, rotated
    ///   - output: [rows][outputStride], heads · headDim used
    ///   - positions: [rows] ascending; the row at position p attends to positions 0 ... p
    ///   - blocks: block table of the sequence
    ///   - scratch: `scratchFloats` floats that no other thread uses
    public init(
        queries: UnsafePointer<Float>, queryStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int,
        positions: UnsafePointer<Int32>, blocks: UnsafePointer<Int32>, heads: Int, keyValueHeads: Int, headDim: Int,
        scale: Float, cache: CacheLayer, scratch: UnsafeMutablePointer<Float>
    ) {
        call = gq_attention(
            queries: queries, query_stride: queryStride, output: output, output_stride: outputStride,
            positions: positions, blocks: blocks, heads: Int32(heads), kv_heads: Int32(keyValueHeads),
            head_dim: Int32(headDim), scale: scale, cache: cache.layer, scratch: scratch)
    }

    /// Scratch of one thread for contexts of up to `tokens`.
    public static func scratchFloats(tokens: Int, headDim: Int) -> Int {
        gq_attention_scratch_floats(tokens, headDim)
    }
}
