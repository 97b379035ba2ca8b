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

    func isLast(_ layer: Int) -> Bool { layer + 1 == weights.layers.count }

    /// Numbers of the flagged rows among `rows`.
    func flagged(_ rows: Range<Int>) -> Range<Int> {
        let logitRows = batch.logitRows
        var first = 0, last = logitRows.count
        while first < last, Int(logitRows[first]) < rows.lowerBound { first += 1 }
        while last > first, Int(logitRows[last - 1]) >= rows.upperBound { last -= 1 }
        return first..<last
    }

    /// Moves what the last layer still needs of the flagged rows numbered `range` to the rows from `first` on, none of which
    /// lies behind them.
    func gatherFlagged(_ range: Range<Int>, to first: Int) {
        for index in range {
            let source = Int(batch.logitRows[index]), target = first + index - range.lowerBound
            guard source != target else { continue }
            (buffers.residual + target * strides.hidden)
                .update(from: buffers.residual + source * strides.hidden, count: strides.hidden)
            (buffers.attended + target * strides.attended)
                .update(from: buffers.attended + source * strides.attended, count: strides.attended)
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
            blockTables: batch.blockTables, blockTableStarts: batch.blockTableStarts,
            order: isLast(layer) ? flaggedOrder.baseAddress ?? order : order, heads: shape.heads,
            keyValueHeads: shape.keyValueHeads, headDim: shape.headDim, scale: 1 / Float(shape.headDim).squareRoot(),
            cache: cache.layer(layer), scratch: buffers.scratch + member * buffers.scratchFloats)
    }
}
