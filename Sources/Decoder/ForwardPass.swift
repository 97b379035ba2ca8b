internal import Checkpoints
internal import Kernels

/// One forward pass as pointers: what the compute threads share. Holds nothing; valid during `Decoder.forward`.
struct ForwardPass {
    let kernels: VectorKernels
    let threads: ComputeThreads
    let shape: ModelShape
    let epsilon: Float
    let weights: WeightsView
    let cache: KeyValueCache
    let strides: Workspace.Strides
    let buffers: Workspace.Buffers
    let division: WorkDivision
    let cosines: UnsafePointer<Float>
    let sines: UnsafePointer<Float>
    let rotaryStride: Int
    let batch: BatchRows
    /// [rows] physical block of each row's position.
    let rowBlocks: UnsafePointer<Int32>
    /// [rows] the order in which attention takes them.
    let order: UnsafePointer<Int32>
    /// [flagged rows] the same of the last layer, which computes no others behind keys and values. Ranges of rows follow each
    /// other in it as in `batch.logitRows`.
    let flaggedOrder: UnsafeBufferPointer<Int32>
    /// The longest context.
    let context: Int
    /// Where the results of flagged rows go; nil if there are none.
    let head: HeadBuffers?

    /// Runs the whole pass; the calling thread is one of those that compute.
    func run() {
        switch division.kind {
        case .rows: runRows()
        case .rowsJoined: runRowsJoined()
        case .outputs: runOutputs()
        }
    }

    private func runRows() {
        share(chunks: division.rowBounds.count - 1) { member, chunk in
            let rows = rowRange(chunk)
            embed(rows)
            for layer in 0..<weights.layers.count {
                project(rows, layer, member: member)
                attendAndFeedForward(rows, layer, member: member)
            }
            computeHead(rows, member: member)
        }
    }

    /// Rows attend to keys and values that other ranges write: these must be complete, layer by layer.
    private func runRowsJoined() {
        share(chunks: division.rowBounds.count - 1) { member, chunk in
            embed(rowRange(chunk))
            project(rowRange(chunk), 0, member: member)
        }
        for layer in 0..<weights.layers.count {
            share(chunks: division.rowBounds.count - 1) { member, chunk in
                let rows = rowRange(chunk)
                attendAndFeedForward(rows, layer, member: member)
                if layer + 1 < weights.layers.count {
                    project(rows, layer + 1, member: member)
                } else {
                    computeHead(rows, member: member)
                }
            }
        }
    }

    private func rowRange(_ index: Int) -> Range<Int> { division.rowBounds[index]..<division.rowBounds[index + 1] }

    func share(chunks: Int, _ body: (_ member: Int, _ chunk: Int) -> Void) {
        if division.members == 1 {
            for chunk in 0..<chunks { body(0, chunk) }
        } else {
            threads.share(chunks: chunks, body)
        }
    }

    func embed(_ rows: Range<Int>) {
        for row in rows {
            kernels.readRow(buffers.residual + row * strides.hidden, weights.embedding, row: Int(batch.tokens[row]))
        }
    }

    /// Queries, keys and values of the rows; the latter two into the cache.
    private func project(_ rows: Range<Int>, _ index: Int, member: Int) {
        let layer = weights.layers[index], first = rows.lowerBound
        let normed = normedRows(member)
        normalise(buffers.residual + first * strides.hidden, into: normed, rows: rows.count, layer.attentionNorm)
        products(
            buffers.projected + first * strides.projected, strides.projected, normed, layer.projection,
            rows: rows.count, member: member)
        kernels.rotateAndStore(rotation(index), rows: rows)
    }

    /// Products of normalised rows with matrices whose outputs lie side by side.
    private func products(
        _ y: UnsafeMutablePointer<Float>, _ yStride: Int, _ normed: UnsafePointer<Float>,
        _ parts: UnsafeBufferPointer<PartView>, rows: Int, member: Int
    ) {
        for part in parts {
            kernels.product(
                y + part.firstOutput, stride: yStride, prepare(normed, strides.hidden, rows, part.matrix, member),
                rows: rows, part.matrix, panels: 0..<part.matrix.panels)
        }
    }

    /// The rest of the layer; the last one does it for flagged rows alone, which are moved to the front of the range.
    private func attendAndFeedForward(_ range: Range<Int>, _ index: Int, member: Int) {
        let layer = weights.layers[index], first = range.lowerBound
        // The order keeps within the ranges of rows.
        let order = isLast(index) ? flagged(range) : range
        guard !order.isEmpty else { return }
        kernels.attend(attention(index, member: member), order: order, keyValueHeads: 0..<shape.keyValueHeads)
        if isLast(index) { gatherFlagged(order, to: first) }
        let rows = first..<first + order.count
        let residual = buffers.residual + first * strides.hidden
        let attended = buffers.attended + first * strides.attended
        let gateUp = buffers.gateUp + first * strides.gateUp
        let activated = buffers.activated + first * strides.activated
        kernels.product(
            residual, stride: strides.hidden,
            prepare(attended, strides.attended, rows.count, layer.attentionOutput, member), rows: rows.count,
            layer.attentionOutput, panels: 0..<layer.attentionOutput.panels, adding: true)
        normalise(residual, into: normedRows(member), rows: rows.count, layer.feedForwardNorm)
        products(gateUp, strides.gateUp, normedRows(member), layer.gateUp, rows: rows.count, member: member)
        kernels.gatedActivation(
            activated, stride: strides.activated, gateUp, stride: strides.gateUp, layout: layer.gatedLayout,
            rows: rows.count, groups: 0..<strides.activated / 16)
        kernels.product(
            residual, stride: strides.hidden,
            prepare(activated, strides.activated, rows.count, layer.down, member), rows: rows.count, layer.down,
            panels: 0..<layer.down.panels, adding: true)
    }
}
