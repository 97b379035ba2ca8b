public import Kernels

/// What a forward pass says of its flagged rows: softmax statistics, the best token, and what else was asked for. Logits are
/// read while they are in the cache, slice by slice, and kept only where a row asks for all of them.
///
/// Keeps its memory from pass to pass. Used by one forward pass at a time.
public final class HeadOutput {
    /// Tokens below this id may be drawn: the vocabulary without the padding of the head.
    let drawable: Int
    private var vocabulary = 0
    /// [rows]
    private var results: [LogitStatistics] = []
    /// [rankStarts.last] of each row the best drawable token, then its ranking.
    private var ranks: [RankedToken] = []
    /// [rows + 1]
    private(set) var rankStarts: [Int] = [0]
    /// [rows] where the row's logits lie, or −1.
    private(set) var logitStarts: [Int] = []
    private var logits: ReservedMemory?

    /// Creates an output without rows.
    ///
    /// - Parameter drawable: Tokens below this id may be drawn; at least 1.
    public init(drawable: Int) {
        precondition(drawable > 0, "some token may be drawn")
        self.drawable = drawable
    }

    /// Number of rows.
    public var count: Int { results.count }

    /// The softmax over the whole vocabulary at temperature 1.
    public func statistics(_ row: Int) -> LogitStatistics { results[row] }

    /// The drawable token with the greatest logit, the smallest id among equals. Means nothing if a logit is NaN.
    public func best(_ row: Int) -> RankedToken { ranks[rankStarts[row]] }

    /// The tokens with the greatest logits, best first, smaller ids first among equals; as many as were asked for, or the
    /// whole vocabulary. NaNs are left out.
    public func top(_ row: Int) -> ArraySlice<RankedToken> {
        ranks[rankStarts[row] + 1..<rankStarts[row + 1]].prefix { $0.token != RankedToken.none.token }
    }

    /// All logits of a row that asked for them, valid until the next pass.
    public func logits(_ row: Int) -> UnsafeBufferPointer<Float> {
        precondition(logitStarts[row] >= 0, "row \(row) did not ask for its logits")
        return UnsafeBufferPointer(start: logits.map { $0.floats + logitStarts[row] }, count: vocabulary)
    }

    /// Those of the tokens that may be drawn.
    public func drawableLogits(_ row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: logits(row).prefix(drawable))
    }

    /// Makes room for the rows of a pass. False if the system refuses memory.
    func begin(_ demands: [LogitDemand], vocabulary: Int) -> Bool {
        self.vocabulary = vocabulary
        rankStarts.removeAll(keepingCapacity: true)
        logitStarts.removeAll(keepingCapacity: true)
        rankStarts.append(0)
        var ranked = 0, floats = 0
        for demand in demands {
            ranked += 1 + min(demand.topCount, vocabulary)
            rankStarts.append(ranked)
            logitStarts.append(demand.wholeRow ? floats : -1)
            if demand.wholeRow { floats += vocabulary }
        }
        let bytes = floats * MemoryLayout<Float>.stride
        if bytes > logits?.byteCount ?? 0 {
            logits = ReservedMemory(byteCount: bytes + bytes / 2)
            if logits == nil { return false }
        }
        return true
    }

    /// Where the logits of rows that asked for them go.
    var logitMemory: UnsafeMutablePointer<Float>? { logits?.floats }

    /// Joins what the members of a pass have found; nil: no row was flagged.
    func finish(_ head: HeadBuffers?) {
        results.removeAll(keepingCapacity: true)
        ranks.removeAll(keepingCapacity: true)
        guard let head else { return }
        for row in logitStarts.indices {
            results.append(LogitStatistics(merging: head.slices(row)))
            let start = rankStarts[row]
            join(start..<start + 1, head)
            join(start + 1..<rankStarts[row + 1], head)
        }
    }

    /// Appends one ranking.
    private func join(_ range: Range<Int>, _ head: HeadBuffers) {
        let best = head.ranks(range, member: 0)
        for member in 1..<head.members {
            RankedToken.merge(UnsafeBufferPointer(head.ranks(range, member: member)), into: best)
        }
        ranks.append(contentsOf: best)
    }
}
