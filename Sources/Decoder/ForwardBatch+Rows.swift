/// A batch as pointers, valid during `withUnsafeRows`.
struct BatchRows {
    let count: Int
    /// [rows] each
    let tokens: UnsafePointer<Int32>
    let positions: UnsafePointer<Int32>
    let sequences: UnsafePointer<Int32>
    let blockTables: UnsafePointer<Int32>
    /// [sequences + 1]
    let blockTableStarts: UnsafePointer<Int32>
    let logitRows: UnsafeBufferPointer<Int32>
}

extension ForwardBatch {
    /// Calls `body` with pointers to a batch of at least one row.
    func withUnsafeRows(_ body: (BatchRows) -> Void) {
        tokens.withUnsafeBufferPointer { tokens in
            positions.withUnsafeBufferPointer { positions in
                sequences.withUnsafeBufferPointer { sequences in
                    blockTables.withUnsafeBufferPointer { tables in
                        blockTableStarts.withUnsafeBufferPointer { starts in
                            logitRows.withUnsafeBufferPointer { logitRows in
                                guard let tokens = tokens.baseAddress, let positions = positions.baseAddress,
                                    let sequences = sequences.baseAddress, let tables = tables.baseAddress,
                                    let starts = starts.baseAddress
                                else { return }
                                body(
                                    BatchRows(
                                        count: rows, tokens: tokens, positions: positions, sequences: sequences,
                                        blockTables: tables, blockTableStarts: starts, logitRows: logitRows))
                            }
                        }
                    }
                }
            }
        }
    }
}
