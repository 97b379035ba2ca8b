/// How one forward pass is divided among compute threads. The bits of the result do not depend on it.
struct WorkDivision: Equatable {
    /// What is done at a time.
    enum Kind: Equatable {
        /// Ranges of rows through the whole pass, taken by whichever thread is free: nothing to join, every thread reads
        /// all weights. For small weights.
        case rows
        /// A range of rows per thread, which share a sequence: threads join once a layer, after keys and values are
        /// written.
        case rowsJoined
        /// A range of outputs of every product per thread: weights are read once, threads join after every product. For
        /// large weights.
        case outputs
    }

    /// What is done at a time.
    let kind: Kind
    /// Number of threads; 1 means that the caller works alone.
    let members: Int
    /// Bounds of the ranges of rows, if rows are divided: one range per thread if they join, else as many as pay.
    let rowBounds: [Int]

    /// Where one kind of division begins to pay over another.
    struct Limits: Sendable {
        /// Weights up to this many bytes stay in the caches of every thread.
        var smallWeights = 4 << 20
        /// Work below this many multiply-adds is done before other threads have woken up.
        var smallWork = 1 << 20
        /// Ranges of rows per thread, so that a thread that the system holds up costs little.
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
        let even = Self.bounds(at: Array(0...rowCosts.count), sums: sums, parts: threads)
        let sequences = sequenceStarts + [rowCosts.count]
        let whole = Self.bounds(at: sequences, sums: sums, parts: threads)
        if Self.longest(even, sums) * 10 < Self.longest(whole, sums) * 9 {
            self.init(kind: .rowsJoined, members: threads, rowBounds: even)
            return
        }
        let chunks = max(min(threads * limits.chunksPerThread, 2 * total / max(limits.smallWork, 1)), threads)
        self.init(kind: .rows, members: threads, rowBounds: Self.bounds(at: sequences, sums: sums, parts: chunks))
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
