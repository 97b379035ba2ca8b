internal import CKernels

/// Arguments of `VectorKernels.rotateAndStore`: pointers must stay valid during the call.
public struct Rotation {
    let call: gq_rotation

    /// - Parameters:
    ///   - projected: [rows][stride], of which (heads + 2 · keyValueHeads) · headDim are used: queries, keys, values
    ///   - queryNorm: [headDim] or nil
    ///   - keyNorm: [headDim] or nil
    ///   - cosines: [position][rotaryStride], headDim / 2 used, readable to the next multiple of 16; `sines` alike
    ///   - positions: [rows]
    ///   - blocks: [rows] physical block of each position
    public init(
        projected: UnsafeMutablePointer<Float>, stride: Int, heads: Int, keyValueHeads: Int, headDim: Int,
        queryNorm: UnsafePointer<Float>?, keyNorm: UnsafePointer<Float>?, epsilon: Float,
        cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, rotaryStride: Int,
        positions: UnsafePointer<Int32>, blocks: UnsafePointer<Int32>, cache: CacheLayer
    ) {
        call = gq_rotation(
            projected: projected, projected_stride: stride, heads: Int32(heads), kv_heads: Int32(keyValueHeads),
            head_dim: Int32(headDim), epsilon: epsilon, query_norm: queryNorm, key_norm: keyNorm, cosines: cosines,
            sines: sines, rotary_stride: rotaryStride, positions: positions, blocks: blocks, cache: cache.layer)
    }
}
