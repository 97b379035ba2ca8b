/// Splits text the way a ``SplitPattern`` does, without a regular-expression engine: the alternatives of the pattern
/// tried in order at each place. Every scalar falls into exactly one word.
struct SplitScanner {
    private let pattern: SplitPattern
    /// The text, well-formed UTF-8.
    private let bytes: ArraySlice<UInt8>
    /// Per scalar: its class.
    private var classes: [ScalarClass] = []
    /// Per scalar: where it begins in `bytes`; one more entry for the end.
    private var starts: [Int] = []

    /// Prepares a scan over well-formed UTF-8.
    init(pattern: SplitPattern, bytes: ArraySlice<UInt8>) {
        self.pattern = pattern
        self.bytes = bytes
        classes.reserveCapacity(bytes.count)
        starts.reserveCapacity(bytes.count + 1)
        var decoder = UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = bytes.startIndex
        while case .valid(let encoded) = decoder.parseScalar(from: &iterator) {
            starts.append(position)
            classes.append(ScalarClass(UTF8.decode(encoded)))
            position += encoded.count
        }
        starts.append(position)
    }

    /// Calls `body` with the bytes of each word, in order.
    func forEachWord(_ body: (ArraySlice<UInt8>) -> Void) {
        var index = 0
        while index < classes.count {
            let end = endOfWord(at: index)
            body(bytes[starts[index]..<starts[end]])
            index = end
        }
    }

    private func endOfWord(at index: Int) -> Int {
        contraction(at: index) ?? letters(at: index) ?? numbers(at: index) ?? symbols(at: index)
            ?? whitespace(at: index)
    }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`
    private func contraction(at index: Int) -> Int? {
        guard bytes[starts[index]] == UInt8(ascii: "'"), index + 1 < classes.count else { return nil }
        switch folded(index + 1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return index + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return folded(index + 2) == UInt8(ascii: "e") ? index + 3 : nil
        case UInt8(ascii: "l"): return folded(index + 2) == UInt8(ascii: "l") ? index + 3 : nil
        default: return nil
        }
    }

    /// The ASCII letter that a scalar folds to; 0 if none. U+017F (long s) folds to `s`.
    private func folded(_ index: Int) -> UInt8 {
        guard index < classes.count, classes[index] == .letter else { return 0 }
        let first = bytes[starts[index]]
        if first < 0x80 { return first | 0x20 }
        return first == 0xC5 && bytes[starts[index] + 1] == 0xBF ? UInt8(ascii: "s") : 0
    }

    /// `[^\r\n\p{L}\p{N}]?\p{L}+`
    private func letters(at index: Int) -> Int? {
        var start = index
        switch classes[index] {
        case .letter: break
        case .newline, .number: return nil
        case .space, .whitespace, .other: start += 1
        }
        let end = run(from: start) { $0 == .letter }
        return end > start ? end : nil
    }

    /// `\p{N}`, `\p{N}{1,3}` or ` ?\p{N}`
    private func numbers(at index: Int) -> Int? {
        switch pattern.numbers {
        case .single: return classes[index] == .number ? index + 1 : nil
        case .upToThree:
            // No further than three: a long number would be looked through again at each of its groups.
            var end = index
            while end < min(index + 3, classes.count), classes[end] == .number { end += 1 }
            return end > index ? end : nil
        case .singleWithSpace:
            let digit = classes[index] == .space ? index + 1 : index
            return digit < classes.count && classes[digit] == .number ? digit + 1 : nil
        }
    }

    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`
    private func symbols(at index: Int) -> Int? {
        let start = classes[index] == .space ? index + 1 : index
        let end = run(from: start) { $0 == .other }
        return end > start ? run(from: end) { $0 == .newline } : nil
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`; what is left at this point is whitespace.
    private func whitespace(at index: Int) -> Int {
        let end = run(from: index) { $0.isWhitespace }
        if let lastNewline = (index..<end).last(where: { classes[$0] == .newline }) { return lastNewline + 1 }
        // The last one of the run goes with what follows, unless the run is that one or nothing follows.
        return end == classes.count || end == index + 1 ? end : end - 1
    }

    private func run(from start: Int, while matches: (ScalarClass) -> Bool) -> Int {
        var end = start
        while end < classes.count, matches(classes[end]) { end += 1 }
        return end
    }
}
