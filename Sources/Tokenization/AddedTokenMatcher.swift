/// Finds the spellings of added tokens in text: at each place the longest one, from left to right.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text, or an added token in its place.
    enum Piece {
        case text(ArraySlice<UInt8>)
        case token(Int32)
    }

    /// Longest spelling that is searched for; it bounds the work per byte of text.
    static let longestSpelling = 1024

    /// Spellings in the order of their bytes, so that those with a common beginning lie together, the shortest first.
    private let spellings: [(bytes: [UInt8], id: Int32)]
    /// Where in `spellings` each first byte begins; one more entry for the end.
    private let starts: [Int]

    /// - Parameter tokens: Spellings, none empty, with their ids. Of equal spellings the last one counts.
    init(_ tokens: [(spelling: [UInt8], id: Int32)]) {
        let latest = Dictionary(tokens.map { ($0.spelling, $0.id) }, uniquingKeysWith: { $1 })
        let sorted = latest.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { (bytes: $0.key, id: $0.value) }
        var counts = [Int](repeating: 0, count: 257)
        for (bytes, _) in sorted { counts[Int(bytes[0]) + 1] += 1 }
        for index in 1...256 { counts[index] += counts[index - 1] }
        spellings = sorted
        starts = counts
    }

    /// Cuts text at the added tokens in it. Empty stretches are left out.
    func pieces(of text: ArraySlice<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var start = text.startIndex
        var position = start
        while position < text.endIndex, !spellings.isEmpty {
            guard let match = longestMatch(in: text, at: position) else {
                position += 1
                continue
            }
            if start < position { pieces.append(.text(text[start..<position])) }
            pieces.append(.token(match.id))
            position += match.length
            start = position
        }
        if start < text.endIndex { pieces.append(.text(text[start...])) }
        return pieces
    }

    /// Narrows the spellings down byte by byte.
    private func longestMatch(in text: ArraySlice<UInt8>, at position: Int) -> (id: Int32, length: Int)? {
        let first = Int(text[position])
        var candidates = starts[first]..<starts[first + 1]
        var longest: (id: Int32, length: Int)?
        var length = 1
        while !candidates.isEmpty {
            let shortest = candidates.lowerBound
            if spellings[shortest].bytes.count == length {
                longest = (spellings[shortest].id, length)
                candidates = shortest + 1..<candidates.upperBound
            }
            guard position + length < text.endIndex else { break }
            let byte = text[position + length]
            let begin = firstIndex(in: candidates) { $0[length] >= byte }
            candidates = begin..<firstIndex(in: begin..<candidates.upperBound) { $0[length] > byte }
            length += 1
        }
        return longest
    }

    /// The first spelling of a range from which on a condition holds.
    private func firstIndex(in range: Range<Int>, where holds: ([UInt8]) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(spellings[middle].bytes) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
