/// Byte-pair encoding of one word at a time: a linked list of symbols and a heap of the pairs that may merge, so that
/// a word of n bytes costs O(n log n). Keeps its buffers from word to word.
struct BytePairMerger {
    private struct Symbol {
        var token: Int32
        var previous: Int
        var next: Int
    }

    private struct Candidate {
        var merge: MergeTable.Merge
        var left: Int

        /// Lowest rank first, leftmost among equals.
        func precedes(_ other: Candidate) -> Bool {
            merge.rank != other.merge.rank ? merge.rank < other.merge.rank : left < other.left
        }
    }

    private let table: MergeTable
    private let byteTokens: [Int32]
    private var symbols: [Symbol] = []
    private var heap: [Candidate] = []

    /// - Parameters:
    ///   - table: The merges.
    ///   - byteTokens: The token of each single byte, 256 entries.
    init(table: MergeTable, byteTokens: [Int32]) {
        precondition(byteTokens.count == 256)
        self.table = table
        self.byteTokens = byteTokens
    }

    /// Appends the tokens of a word.
    mutating func encode(_ word: ArraySlice<UInt8>, into tokens: inout [Int32]) {
        symbols.removeAll(keepingCapacity: true)
        heap.removeAll(keepingCapacity: true)
        for byte in word {
            let index = symbols.count
            symbols.append(Symbol(token: byteTokens[Int(byte)], previous: index - 1, next: index + 1))
        }
        for index in symbols.indices.dropLast() { propose(index) }
        while let candidate = popFirst() { apply(candidate) }
        var index = 0
        while index < symbols.count {
            tokens.append(symbols[index].token)
            index = symbols[index].next
        }
    }

    /// Merges a pair, unless one of its symbols has changed since the pair was proposed.
    private mutating func apply(_ candidate: Candidate) {
        let left = candidate.left
        let right = symbols[left].next
        guard symbols[left].token >= 0, right < symbols.count,
            table.merge(left: symbols[left].token, right: symbols[right].token) == candidate.merge
        else { return }
        symbols[left].token = candidate.merge.result
        symbols[left].next = symbols[right].next
        symbols[right].token = -1
        if symbols[left].next < symbols.count {
            symbols[symbols[left].next].previous = left
            propose(left)
        }
        if symbols[left].previous >= 0 { propose(symbols[left].previous) }
    }

    /// Puts the pair that begins at a symbol on the heap if it can merge.
    private mutating func propose(_ left: Int) {
        let right = symbols[left].next
        guard let merge = table.merge(left: symbols[left].token, right: symbols[right].token) else { return }
        heap.append(Candidate(merge: merge, left: left))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func popFirst() -> Candidate? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in (2 * parent + 1)...(2 * parent + 2)
            where child < heap.count && heap[child].precedes(heap[smallest]) { smallest = child }
            if smallest == parent { return first }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
