internal import Checkpoints
internal import Kernels

/// The output head, fused with what is read of its logits.
extension ForwardPass {
    /// Computes one slice of the vocabulary for the flagged rows `rows`, whose inputs are `inputs`, and reads its logits
    /// while they are in this thread's cache.
    func computeSlice(_ slice: Int, of rows: Range<Int>, _ inputs: PreparedRows, _ head: HeadBuffers, member: Int) {
        let first = slice * head.sliceTokens, count = min(head.sliceTokens, shape.vocabularySize - first)
        let lanes = PackedMatrix.panelOutputs
        let matrix = weights.head.slice(first / lanes..<(first + count + lanes - 1) / lanes)
        let tile = head.tile(member)
        kernels.product(
            tile, stride: head.sliceTokens, inputs, rows: rows.count, matrix, panels: 0..<matrix.panels)
        for row in rows {
            let logits = UnsafeBufferPointer(
                start: tile + (row - rows.lowerBound) * head.sliceTokens, count: count)
            head.setSlice(slice, of: row, to: kernels.sum(logits))
            let place = head.places[row], start = place.ranks
            if first < head.drawable {
                let drawable = UnsafeBufferPointer(rebasing: logits.prefix(head.drawable - first))
                kernels.rank(drawable, first: first, among: head.ranks(start..<start + 1, member: member))
            }
            kernels.rank(
                logits, first: first, among: head.ranks(start + 1..<head.places[row + 1].ranks, member: member))
            guard let kept = head.kept else { continue }
            if place.logits >= 0, let source = logits.baseAddress {
                (kept + place.logits + first).update(from: source, count: count)
            }
            for pick in 0..<place.pickedCount {
                let token = Int(head.picks[place.firstPick + pick]) - first
                if token >= 0, token < count { kept[place.picked + pick] = logits[token] }
            }
        }
    }

    /// Copies the hidden states of those of the flagged rows `rows` that want them.
    private func keepHidden(_ rows: Range<Int>, of normed: UnsafePointer<Float>, _ head: HeadBuffers) {
        guard let kept = head.kept else { return }
        for row in rows where head.places[row].hidden >= 0 {
            (kept + head.places[row].hidden)
                .update(from: normed + (row - rows.lowerBound) * strides.hidden, count: shape.hidden)
        }
    }

    /// Normalises flagged rows, which the last layer has moved to the rows from `first` on.
    private func normaliseFlagged(_ count: Int, from first: Int, into y: UnsafeMutablePointer<Float>) {
        normalise(buffers.residual + first * strides.hidden, into: y, rows: count, weights.norm)
    }

    /// The flagged rows among `rows`, whole vocabulary, on one thread.
    func computeHead(_ rows: Range<Int>, member: Int) {
        let flagged = flagged(rows)
        guard !flagged.isEmpty, let head else { return }
        normaliseFlagged(flagged.count, from: rows.lowerBound, into: normedRows(member))
        keepHidden(flagged, of: normedRows(member), head)
        let inputs = prepare(normedRows(member), strides.hidden, flagged.count, weights.head, member)
        for slice in 0..<head.sliceCount { computeSlice(slice, of: flagged, inputs, head, member: member) }
    }

    /// All flagged rows, the vocabulary shared out.
    func shareHead() {
        let count = batch.logitRows.count
        guard count > 0, let head else { return }
        normaliseFlagged(count, from: 0, into: normedRows(0))
        keepHidden(0..<count, of: normedRows(0), head)
        let inputs = prepareShared(normedRows(0), strides.hidden, count, weights.head)
        share(chunks: head.sliceCount) { member, slice in
            computeSlice(slice, of: 0..<count, inputs, head, member: member)
        }
    }
}
