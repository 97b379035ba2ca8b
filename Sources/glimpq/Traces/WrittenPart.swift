import Routing

/// A piece of a step's text by one model.
struct WrittenPart: Equatable {
    /// Whether the large model wrote it.
    var isLarge: Bool
    var text: String
}

extension TraceDocument.Step {
    /// Its text by who wrote what. One piece where one model wrote all, or where an old trace does not say where the
    /// pieces end.
    var parts: [WrittenPart] {
        let lengths = details.segments.compactMap(\.characters)
        let scalars = text.unicodeScalars
        guard lengths.count == details.segments.count, lengths.reduce(0, +) == scalars.count, !scalars.isEmpty else {
            return [WrittenPart(isLarge: isLarge, text: text)]
        }
        var parts: [WrittenPart] = []
        var start = scalars.startIndex
        for (segment, length) in zip(details.segments, lengths) where length > 0 {
            let end = scalars.index(start, offsetBy: length)
            let piece = String(scalars[start..<end])
            if let last = parts.indices.last, parts[last].isLarge == (segment.owner == .llm) {
                parts[last].text += piece
            } else {
                parts.append(WrittenPart(isLarge: segment.owner == .llm, text: piece))
            }
            start = end
        }
        return parts
    }
}

extension [WrittenPart] {
    /// The lines of the text, each by who wrote what; empty ones are left out.
    var lines: [[WrittenPart]] {
        var lines: [[WrittenPart]] = [[]]
        for part in self {
            let pieces = part.text.printable.split(separator: "\n", omittingEmptySubsequences: false)
            for (number, piece) in pieces.enumerated() {
                if number > 0 { lines.append([]) }
                if !piece.isEmpty {
                    lines[lines.count - 1].append(WrittenPart(isLarge: part.isLarge, text: String(piece)))
                }
            }
        }
        return lines.filter { !$0.isEmpty }
    }
}
