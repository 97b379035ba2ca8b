/// Byte-pair encoding of one word at a time: a linked list of symbols and a queue of the pairs that may merge, so that
/// a word of n bytes costs O(n log n). Keeps its buffers from word to word.
struct BytePairMerger {
    private struct Symbol {
        var token: Int32
        var previous: Int
        var next: Int
    }

    private let table: MergeTable
    private let byteTokens: [Int32]
    private var symbols: [Symbol] = []
    /// Pairs that may merge: rank above the place of the left symbol, so that the lowest rank comes first, and the
    /// leftmost among equals.
    private var candidates = MinimumHeap()

    /// Bits of a candidate that hold the place; the 24 above hold the rank, see ``MergeTable/maximumRank``.
    private static let placeBits = 40

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
        candidates.removeAll()
        for byte in word {
            let index = symbols.count
            symbols.append(Symbol(token: byteTokens[Int(byte)], previous: index - 1, next: index + 1))
        }
        for index in symbols.indices.dropLast() { propose(index) }
        while let candidate = candidates.popFirst() {
            apply(rank: candidate >> Self.placeBits, at: Int(candidate & (1 << Self.placeBits - 1)))
        }
        var index = 0
        while index < symbols.count {
            tokens.append(symbols[index].token)
            index = symbols[index].next
        }
    }

    /// Merges a pair, unless one of its symbols has changed since the pair was proposed.
    private mutating func apply(rank: UInt64, at left: Int) {
        let right = symbols[left].next
        guard symbols[left].token >= 0, right < symbols.count,
            let merge = table.merge(left: symbols[left].token, right: symbols[right].token), merge.rank == rank
        else { return }
        symbols[left].token = merge.result
        symbols[left].next = symbols[right].next
        symbols[right].token = -1
        if symbols[left].next < symbols.count {
            symbols[symbols[left].next].previous = left
            propose(left)
        }
        if symbols[left].previous >= 0 { propose(symbols[left].previous) }
    }

    /// Queues the pair that begins at a symbol if it can merge.
    private mutating func propose(_ left: Int) {
        let right = symbols[left].next
        guard let merge = table.merge(left: symbols[left].token, right: symbols[right].token) else { return }
        candidates.insert(UInt64(merge.rank) << Self.placeBits | UInt64(left))
    }
}
