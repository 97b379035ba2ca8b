public import Checkpoints
internal import Kernels

/// What a decoder will take, told before it is loaded.
extension Decoder {
    /// Bytes that forward passes of up to `rows` tokens need between the layers, at most.
    public static func scratchByteCount(_ shape: ModelShape, rows: Int, threads: Int) -> Int {
        let strides = Workspace.Strides(shape)
        let widest = max(shape.hidden, shape.queryWidth, shape.intermediate)
        let shared = rows * strides.shared, own = threads * rows * (strides.hidden + widest)
        let attention =
            threads
            * Attention.scratchFloats(
                heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDim: shape.headDim)
        return (shared + own + attention) * MemoryLayout<Float>.stride * 3 / 2
    }
}
