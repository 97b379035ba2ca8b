import Generation

/// The bytes of every token in one flat table, for the hot loop.
struct TokenBytes {
    private let bytes: [UInt8]
    private let starts: [Int32]

    /// Copies the table of a vocabulary.
    init(_ vocabulary: some Vocabulary) {
        var bytes: [UInt8] = []
        var starts: [Int32] = [0]
        for id in 0..<vocabulary.count {
            bytes.append(contentsOf: vocabulary.bytes(of: TokenID(id)))
            starts.append(Int32(bytes.count))
        }
        self.bytes = bytes
        self.starts = starts
    }

    /// The bytes of a token; empty outside the vocabulary.
    subscript(token: TokenID) -> ArraySlice<UInt8> {
        let id = Int(token)
        guard id >= 0, id + 1 < starts.count else { return [] }
        return bytes[Int(starts[id])..<Int(starts[id + 1])]
    }
}
