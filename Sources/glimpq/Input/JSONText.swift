/// Writes JSON text by hand where the exact form matters.
enum JSONText {
    /// A string with quotes and escapes.
    static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
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
