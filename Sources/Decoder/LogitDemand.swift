/// What is wanted of the logits of one row besides their statistics and the best token.
public struct LogitDemand: Sendable, Hashable {
    /// Number of tokens of the ranking over the whole vocabulary.
    public var topCount: Int
    /// Whether the logits themselves are wanted: they cost memory traffic.
    public var wholeRow: Bool

    /// States a demand; nothing by default.
    public init(topCount: Int = 0, wholeRow: Bool = false) {
        self.topCount = topCount
        self.wholeRow = wholeRow
    }
}
