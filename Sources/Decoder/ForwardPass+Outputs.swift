internal import Checkpoints
internal import Kernels

/// The pass with every product divided by outputs, so that large weights are read once whatever the number of threads.
extension ForwardPass {
    /// Panels that are computed together in the widest tile; an even number, since gates and ups alternate.
    private static let tilePanels = 8
    /// Rows that every thread normalises and prepares for itself, which saves a join.
    private static let fewRows = 8
    /// Products of one layer, and of one group of matrices with the same rows, at most.
    private static let productsOfLayer = 16, productsOfRows = 4

    /// More chunks than threads, so that a thread that the system holds up costs little.
    var mostChunks: Int { 4 * division.members }

    func runOutputs() {
        for member in 0..<division.members { buffers.marks[member * Workspace.Buffers.markStride] = -1 }
        shareRows(batch.count) { embed($0) }
        for (index, layer) in weights.layers.enumerated() {
            let number = index * Self.productsOfLayer
            shareProducts(of: layer.projection, number: number, normalisedBy: layer.attentionNorm, rows: batch.count) {
                part, panels, normed in
                kernels.product(
                    buffers.projected + part.firstOutput, stride: strides.projected, normed, rows: batch.count,
                    part.matrix, panels: panels)
            }
            shareRows(batch.count) { kernels.rotateAndStore(rotation(index), rows: $0) }
            shareAttention(index)
            // The rest of the last layer is for flagged rows alone.
            var rows = batch.count
            if isLast(index) {
                rows = batch.logitRows.count
                gatherFlagged(0..<rows, to: 0)
            }
            if rows > 0 { shareFeedForward(layer, number: number + Self.productsOfRows, rows: rows) }
        }
        shareHead()
    }

    /// What follows attention in a layer, for the first `rows` rows.
    private func shareFeedForward(_ layer: LayerView, number: Int, rows: Int) {
        shareProduct(of: layer.attentionOutput, number: number, buffers.attended, strides.attended, rows: rows) {
            panels, attended in
            kernels.product(
                buffers.residual, stride: strides.hidden, attended, rows: rows, layer.attentionOutput,
                panels: panels, adding: true)
        }
        let layout = layer.gatedLayout, lastPart = layer.gateUp.count - 1
        shareProducts(
            of: layer.gateUp, number: number + Self.productsOfRows, normalisedBy: layer.feedForwardNorm, rows: rows
        ) { part, panels, normed in
            kernels.product(
                buffers.gateUp + part.firstOutput, stride: strides.gateUp, normed, rows: rows, part.matrix,
                panels: panels)
            guard part.firstOutput == layer.gateUp[lastPart].firstOutput else { return }
            let panelsPerGroup = layout.groupStride / PackedMatrix.panelOutputs
            kernels.gatedActivation(
                buffers.activated, stride: strides.activated, buffers.gateUp, stride: strides.gateUp,
                layout: layout, rows: rows,
                groups: panels.lowerBound / panelsPerGroup..<panels.upperBound / panelsPerGroup)
        }
        shareProduct(
            of: layer.down, number: number + 2 * Self.productsOfRows, buffers.activated, strides.activated,
            rows: rows
        ) { panels, activated in
            kernels.product(
                buffers.residual, stride: strides.hidden, activated, rows: rows, layer.down, panels: panels,
                adding: true)
        }
    }

    func shareRows(_ count: Int, _ body: (Range<Int>) -> Void) {
        let chunks = min(count, mostChunks)
        share(chunks: chunks) { _, chunk in body(count * chunk / chunks..<count * (chunk + 1) / chunks) }
    }

    private func sharePanels(of matrix: MatrixView, _ body: (_ member: Int, _ panels: Range<Int>) -> Void) {
        let tiles = (matrix.panels + Self.tilePanels - 1) / Self.tilePanels, chunks = min(tiles, mostChunks)
        share(chunks: chunks) { member, chunk in
            let first = tiles * chunk / chunks * Self.tilePanels
            body(member, first..<min(tiles * (chunk + 1) / chunks * Self.tilePanels, matrix.panels))
        }
    }

    /// Products of the rows of `x`; `body` gets the panels and the prepared rows.
    private func shareProduct(
        of matrix: MatrixView, number: Int, _ x: UnsafePointer<Float>, _ stride: Int, rows: Int,
        _ body: (Range<Int>, PreparedRows) -> Void
    ) {
        let whole = rows <= Self.fewRows ? nil : prepareShared(x, stride, rows, matrix)
        sharePanels(of: matrix) { member, panels in
            body(panels, whole ?? prepareOnce(number, x, stride, rows, matrix, member))
        }
    }

    /// All rows as product `number` reads them, prepared by the first chunk of that product that a thread takes.
    private func prepareOnce(
        _ number: Int, _ x: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ matrix: MatrixView, _ member: Int,
        before: () -> Void = {}
    ) -> PreparedRows {
        let mark = member * Workspace.Buffers.markStride
        if buffers.marks[mark] != number {
            before()
            buffers.marks[mark] = number
            return prepare(x, stride, rows, matrix, member)
        }
        guard matrix.input != .float32 else { return PreparedRows(x, stride: stride) }
        return PreparedRows(
            prepared: buffers.prepared + member * buffers.preparedBytes,
            rowBytes: matrix.input.rowBytes(inputs: matrix.inputs))
    }

    /// Rows as products with `matrix` read them, converted by all threads.
    func prepareShared(
        _ x: UnsafePointer<Float>, _ stride: Int, _ count: Int, _ matrix: MatrixView
    ) -> PreparedRows {
        guard matrix.input != .float32 else { return PreparedRows(x, stride: stride) }
        let rowBytes = matrix.input.rowBytes(inputs: matrix.inputs)
        shareRows(count) { rows in
            let first = rows.lowerBound
            _ = kernels.prepare(
                x + first * stride, stride: stride, rows: rows.count, for: matrix,
                into: buffers.prepared + first * rowBytes)
        }
        return PreparedRows(prepared: buffers.prepared, rowBytes: rowBytes)
    }

    /// Products of the normalised residual stream with matrices whose outputs lie side by side, one after the other;
    /// `body` gets the matrix, the panels and the normalised rows.
    private func shareProducts(
        of parts: UnsafeBufferPointer<PartView>, number: Int, normalisedBy weight: UnsafePointer<Float>, rows: Int,
        _ body: (PartView, Range<Int>, PreparedRows) -> Void
    ) {
        let again = rows <= Self.fewRows
        if !again {
            shareRows(rows) { range in
                let first = range.lowerBound * strides.hidden
                normalise(buffers.residual + first, into: normedRows(0) + first, rows: range.count, weight)
            }
        }
        var whole: (rows: PreparedRows, input: InputFormat)?
        for (index, part) in parts.enumerated() {
            if !again, whole?.input != part.matrix.input {
                let prepared = prepareShared(normedRows(0), strides.hidden, rows, part.matrix)
                whole = (prepared, part.matrix.input)
            }
            sharePanels(of: part.matrix) { member, panels in
                if let whole { return body(part, panels, whole.rows) }
                let normed = normedRows(member)
                let prepared = prepareOnce(number + index, normed, strides.hidden, rows, part.matrix, member) {
                    normalise(buffers.residual, into: normed, rows: rows, weight)
                }
                body(part, panels, prepared)
            }
        }
    }
}
