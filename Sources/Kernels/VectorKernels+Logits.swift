internal import CKernels

/// What is read of logits: sums, rankings, weights.
extension VectorKernels {
    /// Softmax sums of one slice of a row of logits at temperature 1.
    public func sum(_ logits: UnsafeBufferPointer<Float>) -> LogitSlice {
        var result = LogitSlice()
        if let first = logits.baseAddress { table.pointee.sum_slice(first, logits.count, &result.slice) }
        return result
    }

    /// Ranks logits, whose token ids start with `first`, among the best so far. `best` is in order and starts out filled
    /// with `RankedToken.none`. NaNs are left out.
    public func rank(
        _ logits: UnsafeBufferPointer<Float>, first: Int, among best: UnsafeMutableBufferPointer<RankedToken>
    ) {
        best.withMemoryRebound(to: gq_ranked_token.self) { best in
            guard let start = best.baseAddress, let values = logits.baseAddress else { return }
            table.pointee.rank(start, best.count, values, logits.count, Int32(first))
        }
    }

    /// weights[i] = e^((logits[i] − best) · scale) for all logits; returns their sum.
    public func weigh(
        _ weights: UnsafeMutablePointer<Float>, _ logits: UnsafeBufferPointer<Float>, best: Float, scale: Float
    ) -> Double {
        guard let values = logits.baseAddress else { return 0 }
        return table.pointee.weigh(weights, values, logits.count, best, scale)
    }

    /// Writes the indices of the weights of at least `floor` to `indices`, ascending, and returns their number.
    /// `indices` has room for all.
    public func select(
        _ indices: UnsafeMutablePointer<Int32>, _ weights: UnsafeBufferPointer<Float>, atLeast floor: Float
    ) -> Int {
        guard let values = weights.baseAddress else { return 0 }
        return table.pointee.select(indices, values, weights.count, floor)
    }
}
