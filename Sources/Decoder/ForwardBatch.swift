/// The rows of one forward pass: decoding tokens, probes and chunks of prefills of any number of sequences, flattened.
///
/// The blocks that a sequence writes belong to it alone: no other sequence of the same batch may read them. Full blocks of
/// a common prefix, written by earlier passes, may be shared.
///
/// A value to be reused: `removeAll` keeps the memory.
public struct ForwardBatch: Sendable {
    /// [rows] token ids.
    public var tokens: [Int32] = []
    /// [rows] absolute position in its sequence, from 0.
    public var positions: [Int32] = []
    /// [rows] index into the block tables. Rows of one sequence are contiguous, their positions ascend by 1.
    public var sequences: [Int32] = []
    /// Rows whose distributions are wanted, ascending.
    public var logitRows: [Int32] = []
    /// [logitRows.count] what is wanted of each besides its statistics and its best token.
    public var demands: [LogitDemand] = []
    /// Tokens whose logits are wanted one by one, of all flagged rows in turn.
    public var picked: [Int32] = []
    /// Physical block numbers of all sequences, concatenated.
    public var blockTables: [Int32] = []
    /// [sequences + 1] offsets into `blockTables`; starts with 0.
    public var blockTableStarts: [Int32] = []

    /// An empty batch.
    public init() {}

    /// Number of rows.
    public var rows: Int { tokens.count }

    /// Empties the batch without giving memory back.
    public mutating func removeAll() {
        tokens.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        sequences.removeAll(keepingCapacity: true)
        logitRows.removeAll(keepingCapacity: true)
        demands.removeAll(keepingCapacity: true)
        picked.removeAll(keepingCapacity: true)
        blockTables.removeAll(keepingCapacity: true)
        blockTableStarts.removeAll(keepingCapacity: true)
    }
}
