public import Kernels

/// What a forward pass says of its flagged rows: softmax statistics, the best token, and what else was asked for. Logits are
/// read while they are in the cache, slice by slice, and kept only where a row asks for them.
///
/// Keeps its memory from pass to pass. Used by one forward pass at a time.
public final class HeadOutput {
    /// Tokens below this id may be drawn: the vocabulary without the padding of the head.
    let drawable: Int
    private var vocabulary = 0
    private var hiddenSize = 0
    /// [rows]
    private var results: [LogitStatistics] = []
    /// [places.last.ranks] of each row the best drawable token, then its ranking.
    private var ranks: [RankedToken] = []
    /// [rows + 1]
    private(set) var places: [HeadPlace] = []
    /// Whether any row wants floats.
    private var keepsFloats = false
    private var kept: ReservedMemory?

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
    public func best(_ row: Int) -> RankedToken { ranks[places[row].ranks] }

    /// The tokens with the greatest logits, best first, smaller ids first among equals; as many as were asked for, or the
    /// whole vocabulary. NaNs are left out.
    public func top(_ row: Int) -> ArraySlice<RankedToken> {
        ranks[places[row].ranks + 1..<places[row + 1].ranks].prefix { $0.token != RankedToken.none.token }
    }

    /// All logits of a row that asked for them, valid until the next pass.
    public func logits(_ row: Int) -> UnsafeBufferPointer<Float> {
        precondition(places[row].logits >= 0, "row \(row) did not ask for its logits")
        return floats(places[row].logits, count: vocabulary)
    }

    /// The hidden state of a row that asked for it, [hidden], valid until the next pass: behind the last layer and its
    /// norm, `hidden_states[-1]` in Hugging Face transformers.
    public func hidden(_ row: Int) -> UnsafeBufferPointer<Float> {
        precondition(places[row].hidden >= 0, "row \(row) did not ask for its hidden state")
        return floats(places[row].hidden, count: hiddenSize)
    }

    /// The logits of the tokens that a row picked, in their order, valid until the next pass.
    public func picked(_ row: Int) -> UnsafeBufferPointer<Float> {
        floats(places[row].picked, count: places[row].pickedCount)
    }

    private func floats(_ start: Int, count: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(start: kept.map { $0.floats + start }, count: kept == nil ? 0 : count)
    }

    /// Those of the tokens that may be drawn.
    public func drawableLogits(_ row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: logits(row).prefix(drawable))
    }

    /// Makes room for the rows of a pass. False if the system refuses memory.
    func begin(_ demands: [LogitDemand], vocabulary: Int, hidden: Int) -> Bool {
        self.vocabulary = vocabulary
        hiddenSize = hidden
        places.removeAll(keepingCapacity: true)
        var ranked = 0, floats = 0, picks = 0
        for demand in demands {
            var place = HeadPlace(
                ranks: ranked, logits: -1, hidden: -1, picked: floats, firstPick: picks,
                pickedCount: demand.pickedCount)
            ranked += 1 + min(demand.topCount, vocabulary)
            picks += demand.pickedCount
            floats += demand.pickedCount
            if demand.wholeRow {
                place.logits = floats
                floats += vocabulary
            }
            if demand.hidden {
                place.hidden = floats
                floats += hidden
            }
            places.append(place)
        }
        places.append(
            HeadPlace(ranks: ranked, logits: -1, hidden: -1, picked: floats, firstPick: picks, pickedCount: 0))
        keepsFloats = floats > 0
        let bytes = floats * MemoryLayout<Float>.stride
        if bytes > kept?.byteCount ?? 0 {
            kept = ReservedMemory(byteCount: bytes + bytes / 2)
            if kept == nil { return false }
        }
        return true
    }

    /// Number of rows that a pass was begun with.
    var begunRows: Int { max(places.count - 1, 0) }

    /// Number of ranked tokens of all these rows.
    var rankedTokens: Int { places.last?.ranks ?? 0 }

    /// Where the floats of rows that asked for them go; nil if none did.
    var keptMemory: UnsafeMutablePointer<Float>? { keepsFloats ? kept?.floats : nil }

    /// Joins what the members of a pass have found; nil: no row was flagged.
    func finish(_ head: HeadBuffers?) {
        results.removeAll(keepingCapacity: true)
        ranks.removeAll(keepingCapacity: true)
        guard let head else { return }
        for row in 0..<begunRows {
            results.append(LogitStatistics(merging: head.slices(row)))
            let start = places[row].ranks
            join(start..<start + 1, head)
            join(start + 1..<places[row + 1].ranks, head)
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
