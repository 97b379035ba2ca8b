/// Finds the spellings of added tokens in text: at each place the longest one, from left to right.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text, or an added token in its place.
    enum Piece {
        case text(ArraySlice<UInt8>)
        case token(Int32)
    }

    /// Spellings with their ids by first byte, longest first.
    private let byFirstByte: [[(spelling: [UInt8], id: Int32)]]
    /// Whether there is nothing to find.
    let isEmpty: Bool

    /// - Parameter tokens: Spellings, none empty, with their ids. Of equal spellings the last one counts.
    init(_ tokens: [(spelling: [UInt8], id: Int32)]) {
        var latest: [[UInt8]: Int32] = [:]
        for token in tokens { latest[token.spelling] = token.id }
        var table = [[(spelling: [UInt8], id: Int32)]](repeating: [], count: 256)
        for (spelling, id) in latest.sorted(by: { $0.key.count > $1.key.count }) {
            table[Int(spelling[0])].append((spelling, id))
        }
        byFirstByte = table
        isEmpty = tokens.isEmpty
    }

    /// Cuts text at the added tokens in it. Empty stretches are left out.
    func pieces(of text: ArraySlice<UInt8>) -> [Piece] {
        if isEmpty { return text.isEmpty ? [] : [.text(text)] }
        var pieces: [Piece] = []
        var start = text.startIndex
        var position = start
        while position < text.endIndex {
            let rest = text[position...]
            guard let match = byFirstByte[Int(text[position])].first(where: { rest.starts(with: $0.spelling) }) else {
                position += 1
                continue
            }
            if start < position { pieces.append(.text(text[start..<position])) }
            pieces.append(.token(match.id))
            position += match.spelling.count
            start = position
        }
        if start < text.endIndex { pieces.append(.text(text[start...])) }
        return pieces
    }
}
