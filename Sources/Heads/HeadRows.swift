/// What a head reads of some rows. A value to be reused: `removeAll` keeps the memory.
public struct HeadRows: Sendable {
    /// Number of rows.
    public private(set) var count = 0
    /// [rows][hidden]
    private var hidden: [Float] = []
    /// [rows][hidden], or empty
    private var embeddings: [Float] = []
    /// [rows][top logits], or empty
    private(set) var logits: [Float] = []

    /// No rows.
    public init() {}

    /// Empties the rows without giving memory back.
    public mutating func removeAll() {
        count = 0
        hidden.removeAll(keepingCapacity: true)
        embeddings.removeAll(keepingCapacity: true)
        logits.removeAll(keepingCapacity: true)
    }

    /// Adds a row; the inputs that the head does not read may be empty.
    ///
    /// - Parameters:
    ///   - hidden: The hidden state behind the decoder's last norm.
    ///   - embedding: The input embedding of the token that was drawn.
    ///   - logits: The greatest logits, descending.
    public mutating func append(
        hidden: some Sequence<Float>, embedding: some Sequence<Float>, logits: some Sequence<Float>
    ) {
        self.hidden.append(contentsOf: hidden)
        embeddings.append(contentsOf: embedding)
        self.logits.append(contentsOf: logits)
        count += 1
    }

    /// Whether every row has what a head reads.
    func isComplete(for head: HeadDescription) -> Bool {
        hidden.count == count * head.hiddenSize
            && (!head.inputs.contains(.embedding) || embeddings.count == count * head.hiddenSize)
            && logits.count == count * head.topLogits
    }

    /// Concatenates the inputs row by row, those of the logits as `read` from them.
    func join(_ head: HeadDescription, logits read: [Float], into joined: inout [Float]) {
        var place = 0
        func take(_ values: [Float], _ row: Int, _ width: Int) {
            for i in row * width..<(row + 1) * width {
                joined[place] = values[i]
                place += 1
            }
        }
        for row in 0..<count {
            for input in head.inputs {
                switch input {
                case .hidden: take(hidden, row, head.hiddenSize)
                case .embedding: take(embeddings, row, head.hiddenSize)
                case .logits: take(read, row, head.logitsWidth)
                }
            }
        }
    }
}
