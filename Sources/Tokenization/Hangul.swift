/// Hangul syllables by arithmetic (Unicode Standard, section 3.12).
enum Hangul {
    private static let syllables: UInt32 = 0xAC00
    private static let leading: UInt32 = 0x1100
    private static let vowels: UInt32 = 0x1161
    private static let trailing: UInt32 = 0x11A7
    private static let vowelCount: UInt32 = 21
    private static let trailingCount: UInt32 = 28
    private static let syllableCount: UInt32 = 11172

    /// Whether a scalar can join the syllable before it.
    static func isTrailing(_ scalar: Unicode.Scalar) -> Bool {
        (vowels..<vowels + vowelCount).contains(scalar.value)
            || (trailing + 1..<trailing + trailingCount).contains(scalar.value)
    }

    /// Appends the letters of a syllable; `false` if the scalar is none.
    static func decompose(_ scalar: Unicode.Scalar, into result: inout [Unicode.Scalar]) -> Bool {
        guard (syllables..<syllables + syllableCount).contains(scalar.value) else { return false }
        let index = scalar.value - syllables
        let letters = [
            leading + index / (vowelCount * trailingCount),
            vowels + index % (vowelCount * trailingCount) / trailingCount, trailing + index % trailingCount,
        ]
        result.append(contentsOf: letters.prefix(letters[2] == trailing ? 2 : 3).compactMap(Unicode.Scalar.init))
        return true
    }

    /// The syllable of a leading letter and a vowel, or of a syllable without an end and a trailing letter.
    static func compose(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        if (leading..<leading + 19).contains(first.value), (vowels..<vowels + vowelCount).contains(second.value) {
            let index = (first.value - leading) * vowelCount + second.value - vowels
            return Unicode.Scalar(syllables + index * trailingCount)
        }
        if (syllables..<syllables + syllableCount).contains(first.value),
            (first.value - syllables) % trailingCount == 0,
            (trailing + 1..<trailing + trailingCount).contains(second.value)
        {
            return Unicode.Scalar(first.value + second.value - trailing)
        }
        return nil
    }
}
