/// What is wanted of one row besides the statistics of its logits and the best token.
public struct LogitDemand: Sendable, Hashable {
    /// Number of tokens of the ranking over the whole vocabulary.
    public var topCount: Int
    /// Whether the logits themselves are wanted: they cost memory traffic.
    public var wholeRow: Bool
    /// Whether the hidden state behind the last layer and its norm is wanted: what the output head reads.
    public var hidden: Bool
    /// Number of tokens whose logits are wanted one by one: the next so many of ``ForwardBatch/picked``.
    public var pickedCount: Int

    /// States a demand; nothing by default.
    public init(topCount: Int = 0, wholeRow: Bool = false, hidden: Bool = false, pickedCount: Int = 0) {
        self.topCount = topCount
        self.wholeRow = wholeRow
        self.hidden = hidden
        self.pickedCount = pickedCount
    }
}
