/// Writes JSON text by hand where the exact form matters.
enum JSONText {
    /// A string with quotes and escapes.
    static func string(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count + 2)
            result.append(UInt8(ascii: "\""))
            var start = 0
            for (place, byte) in bytes.enumerated() where needsEscape(byte) {
                result.append(contentsOf: bytes[start..<place])
                append(escaped: byte, to: &result)
                start = place + 1
            }
            result.append(contentsOf: bytes[start...])
            result.append(UInt8(ascii: "\""))
            return String(decoding: result, as: UTF8.self)
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    private static func append(escaped byte: UInt8, to result: inout [UInt8]) {
        result.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\n"): result.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): result.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): result.append(UInt8(ascii: "t"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): result.append(byte)
        default:
            let digits = String(byte, radix: 16)
            result += ("u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
        }
    }

    /// A number with at most six decimals, as Python writes a rounded one: `1.5`, `12.0`; `null` if it is not finite.
    static func rounded(_ number: Double) -> String {
        guard number.isFinite else { return "null" }
        var text = Figures.fixed(number, 6)
        if text.contains(".") {
            while text.hasSuffix("0") && !text.hasSuffix(".0") { text.removeLast() }
        }
        return text
    }

    /// An array of what is JSON text already.
    static func array(_ elements: some Sequence<String>) -> String { "[" + elements.joined(separator: ", ") + "]" }

    /// An object of what is JSON text already, in the order given.
    static func object(_ members: [(name: String, value: String)]) -> String {
        "{" + members.map { string($0.name) + ": " + $0.value }.joined(separator: ", ") + "}"
    }
}
