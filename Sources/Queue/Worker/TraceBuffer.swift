/// Rows of traces that wait to be written; knows when a write is due and when it has no more room.
struct TraceBuffer {
    /// The rows that wait, behind some that were forgotten: moving all the others up after every write would cost more
    /// than the write.
    private var stored: [TraceRow] = []
    private var forgotten = 0
    private(set) var bytes = 0
    let limits: TraceWriter.Limits

    init(_ limits: TraceWriter.Limits) { self.limits = limits }

    /// How many rows wait.
    var count: Int { stored.count - forgotten }
    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= limits.capacityRows || bytes >= limits.capacityBytes }
    var isDue: Bool { count >= limits.flushRows || bytes >= limits.flushBytes }

    mutating func append(_ row: TraceRow) {
        stored.append(row)
        bytes += row.byteCount
    }

    /// The oldest rows, as many as one write takes; at least one if there is any.
    func head() -> [TraceRow] {
        var size = 0
        var end = forgotten
        while end < stored.count, end - forgotten < limits.flushRows {
            size += stored[end].byteCount
            end += 1
            if size >= limits.flushBytes { break }
        }
        return Array(stored[forgotten..<end])
    }

    /// Forgets the oldest rows.
    mutating func removeFirst(_ count: Int) {
        precondition(count <= self.count, "\(count) rows of \(self.count)")
        for row in stored[forgotten..<forgotten + count] { bytes -= row.byteCount }
        forgotten += count
        // At most half of the array is forgotten rows, so a row is moved once on average.
        if forgotten * 2 >= stored.count {
            stored.removeFirst(forgotten)
            forgotten = 0
        }
    }
}
