internal import Checkpoints
internal import Kernels

/// One forward pass as pointers: what every compute thread runs on its share. Holds nothing; valid during `Decoder.forward`.
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
    /// First rows of the sequences in the batch, and the number of rows.
    let sequenceStarts: UnsafeBufferPointer<Int>
    /// [logitRows.count][vocabulary]; nil if none are wanted
    let logits: UnsafeMutablePointer<Float>?

    /// What one thread owns.
    private struct Share {
        let member: Int
        let members: Int
        /// Rows of the products; all rows where outputs are divided.
        let rows: Range<Int>
        let byOutputs: Bool

        /// The panels of a matrix that this thread computes.
        func panels(_ count: Int, groups: Int = 1) -> Range<Int> {
            guard byOutputs else { return 0..<count }
            let units = count / groups
            return units * member / members * groups..<units * (member + 1) / members * groups
        }

        /// The rows of a row-wise step.
        var ownRows: Range<Int> {
            guard byOutputs else { return rows }
            return rows.count * member / members..<rows.count * (member + 1) / members
        }
    }

    /// Runs the whole pass.
    func run() {
        switch division.kind {
        case .rows where division.members == 1: run(rows: 0..<batch.count, member: 0)
        case .rows: threads.share(chunks: division.rowBounds.count - 1) { run(rows: rowRange($1), member: $0) }
        case .rowsJoined: threads.run { run(rows: rowRange($0), member: $0) }
        case .outputs: threads.run { run(rows: 0..<batch.count, member: $0) }
        }
    }

    private func rowRange(_ index: Int) -> Range<Int> { division.rowBounds[index]..<division.rowBounds[index + 1] }

    private func run(rows: Range<Int>, member: Int) {
        let share = Share(
            member: member, members: division.members, rows: rows, byOutputs: division.kind == .outputs)
        for row in share.ownRows {
            kernels.readRow(buffers.residual + row * strides.hidden, weights.embedding, row: Int(batch.tokens[row]))
        }
        join(share.byOutputs)
        for index in 0..<weights.layers.count { runLayer(index, weights.layers[index], share) }
        computeLogits(share)
    }

    private func join(_ needed: Bool) {
        if needed { threads.barrier() }
    }

    private func runLayer(_ index: Int, _ layer: LayerView, _ share: Share) {
        let rows = share.rows, first = rows.lowerBound, cacheLayer = cache.layer(index)
        let residual = buffers.residual + first * strides.hidden
        let normed = buffers.normed + share.member * buffers.normedFloats + first * strides.hidden
        let projected = buffers.projected + first * strides.projected
        let attended = buffers.attended + first * strides.attended
        let gateUp = buffers.gateUp + first * strides.gateUp
        let activated = buffers.activated + first * strides.activated

        normalise(residual, into: normed, rows: rows.count, layer.attentionNorm)
        kernels.product(
            projected, stride: strides.projected, normed, stride: strides.hidden, rows: rows.count, layer.projection,
            panels: share.panels(layer.projection.panels))
        join(share.byOutputs)
        kernels.rotateAndStore(rotation(layer, cacheLayer), rows: share.ownRows)
        join(share.byOutputs || division.kind == .rowsJoined)
        attend(share, cacheLayer)
        join(share.byOutputs)
        kernels.product(
            residual, stride: strides.hidden, attended, stride: strides.attended, rows: rows.count,
            layer.attentionOutput,
            panels: share.panels(layer.attentionOutput.panels), adding: true)
        join(share.byOutputs)
        normalise(residual, into: normed, rows: rows.count, layer.feedForwardNorm)
        let panels = share.panels(layer.gateUp.panels, groups: 2)
        kernels.product(
            gateUp, stride: strides.gateUp, normed, stride: strides.hidden, rows: rows.count, layer.gateUp,
            panels: panels)
        kernels.gatedActivation(
            activated, stride: strides.activated, gateUp, stride: strides.gateUp, rows: rows.count,
            groups: panels.lowerBound / 2..<panels.upperBound / 2)
        join(share.byOutputs)
        kernels.product(
            residual, stride: strides.hidden, activated, stride: strides.activated, rows: rows.count, layer.down,
            panels: share.panels(layer.down.panels), adding: true)
        join(share.byOutputs)
    }

    private func normalise(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, _ weight: UnsafePointer<Float>
    ) {
        kernels.rmsNorm(
            y, stride: strides.hidden, x, stride: strides.hidden, rows: rows, width: shape.hidden, weight: weight,
            epsilon: epsilon)
    }

    private func rotation(_ layer: LayerView, _ cacheLayer: CacheLayer) -> Rotation {
        Rotation(
            projected: buffers.projected, stride: strides.projected, heads: shape.heads,
            keyValueHeads: shape.keyValueHeads,
            headDim: shape.headDim, queryNorm: layer.queryNorm, keyNorm: layer.keyNorm, epsilon: epsilon,
            cosines: cosines,
            sines: sines, rotaryStride: rotaryStride, positions: batch.positions, blocks: rowBlocks, cache: cacheLayer)
    }

    /// Rows of one sequence that a thread takes at a time where outputs are divided.
    private static let attentionRows = 16

    private func attend(_ share: Share, _ cacheLayer: CacheLayer) {
        var unit = 0
        for index in 0..<sequenceStarts.count - 1 {
            let start = max(sequenceStarts[index], share.rows.lowerBound)
            let end = min(sequenceStarts[index + 1], share.rows.upperBound)
            guard start < end else { continue }
            let attention = attention(sequence: Int(batch.sequences[start]), cacheLayer, member: share.member)
            guard share.byOutputs else {
                kernels.attend(attention, rows: start..<end, keyValueHeads: 0..<shape.keyValueHeads)
                continue
            }
            for from in stride(from: start, to: end, by: Self.attentionRows) {
                for head in 0..<shape.keyValueHeads {
                    defer { unit += 1 }
                    guard unit % share.members == share.member else { continue }
                    kernels.attend(
                        attention, rows: from..<min(from + Self.attentionRows, end), keyValueHeads: head..<head + 1)
                }
            }
        }
    }

    private func attention(sequence: Int, _ cacheLayer: CacheLayer, member: Int) -> Attention {
        Attention(
            queries: buffers.projected, queryStride: strides.projected, output: buffers.attended,
            outputStride: strides.attended, positions: batch.positions,
            blocks: batch.blockTables + Int(batch.blockTableStarts[sequence]),
            heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDim: shape.headDim,
            scale: 1 / Float(shape.headDim).squareRoot(), cache: cacheLayer,
            scratch: buffers.scratch + member * buffers.scratchFloats)
    }

    private func computeLogits(_ share: Share) {
        let logitRows = batch.logitRows
        var first = 0, last = logitRows.count
        while first < last, Int(logitRows[first]) < share.rows.lowerBound { first += 1 }
        while last > first, Int(logitRows[last - 1]) >= share.rows.upperBound { last -= 1 }
        guard first < last, let logits else { return }
        let normed = buffers.normed + share.member * buffers.normedFloats
        for index in first..<last {
            normalise(
                buffers.residual + Int(logitRows[index]) * strides.hidden,
                into: normed + (index - first) * strides.hidden,
                rows: 1, weights.norm)
        }
        kernels.product(
            logits + first * shape.vocabularySize, stride: shape.vocabularySize, normed, stride: strides.hidden,
            rows: last - first, weights.head, panels: share.panels(weights.head.panels))
    }
}
