/// The rows of a batch in the order in which attention takes them: sequences with common blocks beside each other, so that
/// these are read once for all. The bits of the results do not depend on it.
struct AttentionOrder {
    /// [rows]
    private(set) var rows: [Int32] = []
    /// [flagged rows] those of `rows` that are flagged, in the same order.
    private(set) var flaggedRows: [Int32] = []
    private var pieces: [Range<Int>] = []

    /// Orders the rows within each of the ranges that `bounds` divide them into.
    ///
    /// - Parameter sequenceStarts: The first rows of the sequences, and the number of rows.
    mutating func arrange(_ batch: ForwardBatch, sequenceStarts: [Int], bounds: [Int]) {
        rows.removeAll(keepingCapacity: true)
        flaggedRows.removeAll(keepingCapacity: true)
        for (first, end) in zip(bounds, bounds.dropFirst()) where first < end {
            pieces.removeAll(keepingCapacity: true)
            for (start, next) in zip(sequenceStarts, sequenceStarts.dropFirst())
            where start < end && next > first {
                pieces.append(max(start, first)..<min(next, end))
            }
            if pieces.count > 1 {
                batch.blockTables.withUnsafeBufferPointer { tables in
                    func table(_ piece: Range<Int>) -> Slice<UnsafeBufferPointer<Int32>> {
                        let sequence = Int(batch.sequences[piece.lowerBound])
                        return tables[
                            Int(batch.blockTableStarts[sequence])..<Int(batch.blockTableStarts[sequence + 1])]
                    }
                    pieces.sort { table($0).lexicographicallyPrecedes(table($1)) }
                }
            }
            for piece in pieces {
                rows.append(contentsOf: piece.lazy.map(Int32.init))
                appendFlagged(piece, of: batch.logitRows)
            }
        }
    }

    /// Appends the flagged rows of a piece; `flagged` ascends.
    private mutating func appendFlagged(_ piece: Range<Int>, of flagged: [Int32]) {
        var low = 0, high = flagged.count
        while low < high {
            let middle = (low + high) / 2
            if Int(flagged[middle]) < piece.lowerBound { low = middle + 1 } else { high = middle }
        }
        while low < flagged.count, Int(flagged[low]) < piece.upperBound {
            flaggedRows.append(flagged[low])
            low += 1
        }
    }
}
