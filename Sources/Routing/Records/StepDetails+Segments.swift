import Generation

extension [StepDetails.Segment] {
    /// The rows with how much of the text each of them makes.
    ///
    /// - Parameters:
    ///   - tokens: Of all rows.
    ///   - vocabulary: That of all writers.
    /// - Complexity: The number of rows times the length of the text.
    func measured(on tokens: [TokenID], in vocabulary: any Vocabulary) -> Self {
        var bytes: [UInt8] = []
        var rest = tokens[...]
        var total = 0
        return map { segment in
            bytes += vocabulary.bytes(of: rest.prefix(segment.tokens))
            rest = rest.dropFirst(segment.tokens)
            // A character cut off at the end reads as U+FFFD here and as itself in the whole text: one in both.
            let end = String(decoding: bytes, as: UTF8.self).unicodeScalars.count
            defer { total = end }
            var segment = segment
            segment.characters = end - total
            return segment
        }
    }
}
