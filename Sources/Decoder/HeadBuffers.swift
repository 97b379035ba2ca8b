internal import Kernels

/// Memory of the output head during one pass, as pointers: see `HeadOutput`.
struct HeadBuffers {
    /// Number of threads.
    let members: Int
    /// Logits of one slice of the vocabulary.
    let sliceTokens: Int
    /// Slices of the vocabulary.
    let sliceCount: Int
    /// Tokens below this id may be drawn.
    let drawable: Int
    /// [rows + 1] where the results of each row go.
    let places: UnsafePointer<HeadPlace>
    /// Tokens whose logits are wanted one by one.
    let picks: UnsafeBufferPointer<Int32>
    /// Logits and hidden states of the rows that want them; nil if none does.
    let kept: UnsafeMutablePointer<Float>?
    /// [rows][sliceCount]
    private let sums: UnsafeMutablePointer<LogitSlice>
    /// [members][places.last.ranks]
    private let ranking: UnsafeMutablePointer<RankedToken>
    private let rankCount: Int
    /// [members][rows][sliceTokens]
    private let tiles: UnsafeMutablePointer<Float>
    private let tileFloats: Int

    /// Bytes of memory for that many rows and ranked tokens.
    static func byteCount(rows: Int, ranked: Int, vocabulary: Int, sliceTokens: Int, members: Int) -> Int {
        rows * ((vocabulary + sliceTokens - 1) / sliceTokens) * MemoryLayout<LogitSlice>.stride
            + members
            * (ranked * MemoryLayout<RankedToken>.stride + rows * sliceTokens * MemoryLayout<Float>.stride)
    }

    /// Divides `memory`, of `byteCount` bytes, and empties the rankings.
    init(
        _ memory: UnsafeMutableRawPointer, rows: Int, vocabulary: Int, sliceTokens: Int, members: Int, drawable: Int,
        places: UnsafePointer<HeadPlace>, picks: UnsafeBufferPointer<Int32>, kept: UnsafeMutablePointer<Float>?
    ) {
        self.members = members
        self.sliceTokens = sliceTokens
        self.drawable = drawable
        self.places = places
        self.picks = picks
        self.kept = kept
        sliceCount = (vocabulary + sliceTokens - 1) / sliceTokens
        rankCount = places[rows].ranks
        tileFloats = rows * sliceTokens
        let tileBytes = members * tileFloats * MemoryLayout<Float>.stride
        let sumBytes = rows * sliceCount * MemoryLayout<LogitSlice>.stride
        tiles = memory.bindMemory(to: Float.self, capacity: members * tileFloats)
        sums = (memory + tileBytes).bindMemory(to: LogitSlice.self, capacity: rows * sliceCount)
        ranking = (memory + tileBytes + sumBytes).bindMemory(to: RankedToken.self, capacity: members * rankCount)
        ranking.update(repeating: .none, count: members * rankCount)
    }

    /// Logits of one slice, [rows][sliceTokens], of one thread.
    func tile(_ member: Int) -> UnsafeMutablePointer<Float> { tiles + member * tileFloats }

    /// Sums of the slices of a row.
    func slices(_ row: Int) -> UnsafeBufferPointer<LogitSlice> {
        UnsafeBufferPointer(start: sums + row * sliceCount, count: sliceCount)
    }

    func setSlice(_ slice: Int, of row: Int, to sum: LogitSlice) { sums[row * sliceCount + slice] = sum }

    /// What a thread has found of rankings.
    func ranks(_ range: Range<Int>, member: Int) -> UnsafeMutableBufferPointer<RankedToken> {
        UnsafeMutableBufferPointer(start: ranking + member * rankCount + range.lowerBound, count: range.count)
    }
}
