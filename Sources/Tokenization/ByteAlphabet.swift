/// The 256 printable characters that byte-level BPE writes bytes with: printable Latin-1 stands for itself, the other
/// 68 bytes follow in order from U+0100 (space is Ġ, newline is Ċ).
///
/// Source: the GPT-2 encoder, as in the `ByteLevel` pre-tokenizer of Hugging Face tokenizers.
enum ByteAlphabet {
    /// The byte that each code point up to U+0143 stands for; −1 where none.
    private static let byteOfCodePoint: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        var next = 0x100
        for byte in 0..<256 {
            if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte) {
                table[byte] = Int16(byte)
            } else {
                table[next] = Int16(byte)
                next += 1
            }
        }
        return table
    }()

    /// Appends the bytes behind a spelling in the alphabet, given as UTF-8; `false` if a character is not of the alphabet
    /// or the bytes are not UTF-8, and then some bytes may have been appended.
    static func append(_ spelling: some Collection<UInt8>, to bytes: inout [UInt8]) -> Bool {
        let table = byteOfCodePoint
        // Bits of the first unit of a character of two; 0 between characters. No character of the alphabet has three.
        var lead = 0
        for unit in spelling {
            let codePoint: Int
            switch unit {
            case 0..<0x80 where lead == 0: codePoint = Int(unit)
            case 0x80..<0xC0 where lead > 1:
                codePoint = lead << 6 | Int(unit & 0x3F)
                lead = 0
            case 0xC2..<0xE0 where lead == 0:
                lead = Int(unit & 0x1F)
                continue
            default: return false
            }
            guard codePoint < table.count, table[codePoint] >= 0 else { return false }
            bytes.append(UInt8(table[codePoint]))
        }
        return lead == 0
    }
}
