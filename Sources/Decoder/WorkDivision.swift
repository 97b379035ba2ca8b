/// How one forward pass is divided among compute threads. The bits of the result do not depend on it.
struct WorkDivision: Equatable {
    /// What is shared out. Whichever thread is free takes the next piece, so a thread that the system holds up costs little.
    enum Kind: Equatable {
        /// Ranges of rows through the whole pass: nothing to join, every thread reads all weights. For small weights.
        case rows
        /// Ranges of rows through one layer, since they share a sequence: all keys and values of a layer are written
        /// before anyone attends to them.
        case rowsJoined
        /// Ranges of the outputs of every product: weights are read once, all join after every product. For large weights.
        case outputs
    }

    /// What is shared out.
    let kind: Kind
    /// Number of threads; 1 means that the caller works alone.
    let members: Int
    /// Bounds of the ranges of rows, if rows are divided.
    let rowBounds: [Int]

    /// Where one kind of division begins to pay over another.
    struct Limits: Sendable {
        /// Weights up to this many bytes stay in the caches of every thread.
        var smallWeights = 4 << 20
        /// Work below this many multiply-adds is done before other threads have woken up.
        var smallWork = 1 << 20
        /// Ranges of rows per thread.
        var chunksPerThread = 4
    }

    /// Decides for rows with these costs in multiply-adds. `sequenceStarts` are the first rows of the sequences, ascending from 0.
    init(rowCosts: [Int], sequenceStarts: [Int], weightBytes: Int, threads: Int, limits: Limits = Limits()) {
        let total = rowCosts.reduce(0, +)
        guard threads > 1, total >= limits.smallWork else {
            self.init(kind: .rows, members: 1, rowBounds: [0, rowCosts.count])
            return
        }
        if weightBytes > limits.smallWeights {
            self.init(kind: .outputs, members: threads, rowBounds: [])
            return
        }
        if rowCosts.count == 1 {
            self.init(kind: .rows, members: 1, rowBounds: [0, 1])
            return
        }
        var sums = [0]
        for cost in rowCosts { sums.append(sums[sums.count - 1] + cost) }
        let parts = max(min(threads * limits.chunksPerThread, 2 * total / max(limits.smallWork, 1)), threads)
        let sequences = sequenceStarts + [rowCosts.count]
        let even = Self.bounds(at: Array(0...rowCosts.count), sums: sums, parts: parts)
        let whole = Self.bounds(at: sequences, sums: sums, parts: parts)
        // One long sequence among the rows: whole sequences would leave the other threads without work.
        let joined =
            Self.longest(whole, sums) * threads * 10 > total * 11
            && Self.longest(even, sums) < Self.longest(whole, sums)
        self.init(kind: joined ? .rowsJoined : .rows, members: threads, rowBounds: joined ? even : whole)
    }

    private init(kind: Kind, members: Int, rowBounds: [Int]) {
        self.kind = kind
        self.members = members
        self.rowBounds = rowBounds
    }

    /// Bounds that split the cost evenly, as far as the allowed cuts permit.
    private static func bounds(at cuts: [Int], sums: [Int], parts: Int) -> [Int] {
        let total = sums[sums.count - 1]
        var next = 0
        return (0...parts).map { part in
            let goal = total * part / parts
            while next + 1 < cuts.count, abs(sums[cuts[next + 1]] - goal) <= abs(sums[cuts[next]] - goal) { next += 1 }
            return cuts[next]
        }
    }

    private static func longest(_ bounds: [Int], _ sums: [Int]) -> Int {
        zip(bounds, bounds.dropFirst()).map { sums[$1] - sums[$0] }.max() ?? 0
    }
}
