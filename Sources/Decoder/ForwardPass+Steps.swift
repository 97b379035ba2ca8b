internal import Checkpoints
internal import Kernels

/// The steps that both ways of dividing the work are made of.
extension ForwardPass {
    /// Normalised rows of one thread: [rows][strides.hidden].
    func normedRows(_ member: Int) -> UnsafeMutablePointer<Float> { buffers.normed + member * buffers.normedFloats }

    /// Rows as products with `matrix` read them, in the member's own memory if they must be converted.
    func prepare(
        _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ matrix: MatrixView, _ member: Int
    ) -> PreparedRows {
        kernels.prepare(
            x, stride: stride, rows: rows, for: matrix, into: buffers.prepared + member * buffers.preparedBytes)
    }

    func normalise(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, _ weight: UnsafePointer<Float>
    ) {
        kernels.rmsNorm(
            y, stride: strides.hidden, x, stride: strides.hidden, rows: rows, width: shape.hidden, weight: weight,
            epsilon: epsilon)
    }

    /// Packs the flagged rows that are numbered `range` together, normalised for the output head.
    func normaliseLogitRows(_ range: Range<Int>, into y: UnsafeMutablePointer<Float>) {
        for index in range {
            normalise(
                buffers.residual + Int(batch.logitRows[index]) * strides.hidden,
                into: y + (index - range.lowerBound) * strides.hidden, rows: 1, weights.norm)
        }
    }

    func rotation(_ index: Int) -> Rotation {
        let layer = weights.layers[index]
        return Rotation(
            projected: buffers.projected, stride: strides.projected, heads: shape.heads,
            keyValueHeads: shape.keyValueHeads, headDim: shape.headDim, queryNorm: layer.queryNorm,
            keyNorm: layer.keyNorm, epsilon: epsilon, cosines: cosines, sines: sines, rotaryStride: rotaryStride,
            positions: batch.positions, blocks: rowBlocks, cache: cache.layer(index))
    }

    func attention(_ layer: Int, member: Int) -> Attention {
        Attention(
            queries: buffers.projected, queryStride: strides.projected, output: buffers.attended,
            outputStride: strides.attended, positions: batch.positions, sequences: batch.sequences,
            blockTables: batch.blockTables, blockTableStarts: batch.blockTableStarts, order: order, heads: shape.heads,
            keyValueHeads: shape.keyValueHeads, headDim: shape.headDim, scale: 1 / Float(shape.headDim).squareRoot(),
            cache: cache.layer(layer), scratch: buffers.scratch + member * buffers.scratchFloats)
    }
}
