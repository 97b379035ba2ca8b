/// Rows of traces that wait to be written; knows when a write is due and when it has no more room.
struct TraceBuffer {
    private(set) var rows: [TraceRow] = []
    private(set) var bytes = 0
    let limits: TraceWriter.Limits

    init(_ limits: TraceWriter.Limits) { self.limits = limits }

    var isEmpty: Bool { rows.isEmpty }
    var isFull: Bool { rows.count >= limits.capacityRows || bytes >= limits.capacityBytes }
    var isDue: Bool { rows.count >= limits.flushRows || bytes >= limits.flushBytes }

    mutating func append(_ row: TraceRow) {
        rows.append(row)
        bytes += row.byteCount
    }

    /// The oldest rows, as many as one write takes; at least one if there is any.
    func head() -> [TraceRow] {
        var size = 0
        var count = 0
        for row in rows.prefix(limits.flushRows) {
            size += row.byteCount
            count += 1
            if size >= limits.flushBytes { break }
        }
        return Array(rows.prefix(count))
    }

    /// Forgets the oldest rows.
    mutating func removeFirst(_ count: Int) {
        for row in rows.prefix(count) { bytes -= row.byteCount }
        rows.removeFirst(count)
    }
}
