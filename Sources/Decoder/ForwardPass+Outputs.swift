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
        shareRows { embed($0) }
        for (index, layer) in weights.layers.enumerated() {
            let number = index * Self.productsOfLayer
            shareProducts(of: layer.projection, number: number, normalisedBy: layer.attentionNorm) {
                part, panels, normed in
                product(buffers.projected + part.firstOutput, strides.projected, normed, part.matrix, panels)
            }
            shareRows { kernels.rotateAndStore(rotation(index), rows: $0) }
            shareAttention(index)
            shareProduct(
                of: layer.attentionOutput, number: number + Self.productsOfRows, buffers.attended, strides.attended
            ) { panels, attended in
                product(
                    buffers.residual, strides.hidden, attended, layer.attentionOutput, panels, adding: true)
            }
            let layout = layer.gatedLayout, lastPart = layer.gateUp.count - 1
            shareProducts(
                of: layer.gateUp, number: number + 2 * Self.productsOfRows, normalisedBy: layer.feedForwardNorm
            ) { part, panels, normed in
                product(buffers.gateUp + part.firstOutput, strides.gateUp, normed, part.matrix, panels)
                guard part.firstOutput == layer.gateUp[lastPart].firstOutput else { return }
                let panelsPerGroup = layout.groupStride / PackedMatrix.panelOutputs
                kernels.gatedActivation(
                    buffers.activated, stride: strides.activated, buffers.gateUp, stride: strides.gateUp,
                    layout: layout, rows: batch.count,
                    groups: panels.lowerBound / panelsPerGroup..<panels.upperBound / panelsPerGroup)
            }
            shareProduct(
                of: layer.down, number: number + 3 * Self.productsOfRows, buffers.activated, strides.activated
            ) { panels, activated in
                product(buffers.residual, strides.hidden, activated, layer.down, panels, adding: true)
            }
        }
        shareHead()
    }

    private func product(
        _ y: UnsafeMutablePointer<Float>, _ yStride: Int, _ x: PreparedRows, _ w: MatrixView, _ panels: Range<Int>,
        adding: Bool = false
    ) {
        kernels.product(y, stride: yStride, x, rows: batch.count, w, panels: panels, adding: adding)
    }

    private func shareRows(_ body: (Range<Int>) -> Void) { shareRows(batch.count, body) }

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
        of matrix: MatrixView, number: Int, _ x: UnsafePointer<Float>, _ stride: Int,
        _ body: (Range<Int>, PreparedRows) -> Void
    ) {
        let whole = batch.count <= Self.fewRows ? nil : prepareShared(x, stride, batch.count, matrix)
        sharePanels(of: matrix) { member, panels in
            body(panels, whole ?? prepareOnce(number, x, stride, matrix, member))
        }
    }

    /// All rows as product `number` reads them, prepared by the first chunk of that product that a thread takes.
    private func prepareOnce(
        _ number: Int, _ x: UnsafePointer<Float>, _ stride: Int, _ matrix: MatrixView, _ member: Int,
        before: () -> Void = {}
    ) -> PreparedRows {
        let mark = member * Workspace.Buffers.markStride
        if buffers.marks[mark] != number {
            before()
            buffers.marks[mark] = number
            return prepare(x, stride, batch.count, matrix, member)
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
        of parts: UnsafeBufferPointer<PartView>, number: Int, normalisedBy weight: UnsafePointer<Float>,
        _ body: (PartView, Range<Int>, PreparedRows) -> Void
    ) {
        let again = batch.count <= Self.fewRows
        if !again {
            shareRows { rows in
                let first = rows.lowerBound * strides.hidden
                normalise(buffers.residual + first, into: normedRows(0) + first, rows: rows.count, weight)
            }
        }
        var whole: (rows: PreparedRows, input: InputFormat)?
        for (index, part) in parts.enumerated() {
            if !again, whole?.input != part.matrix.input {
                let rows = prepareShared(normedRows(0), strides.hidden, batch.count, part.matrix)
                whole = (rows, part.matrix.input)
            }
            sharePanels(of: part.matrix) { member, panels in
                if let whole { return body(part, panels, whole.rows) }
                let normed = normedRows(member)
                let rows = prepareOnce(number + index, normed, strides.hidden, part.matrix, member) {
                    normalise(buffers.residual, into: normed, rows: batch.count, weight)
                }
                body(part, panels, rows)
            }
        }
    }
}
