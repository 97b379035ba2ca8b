/// The last box in a text: `\boxed{…}` or `\fbox{…}`, whose braces are balanced.
public enum BoxedAnswer {
    private static let openings = [Array(#"\boxed{"#.utf8), Array(#"\fbox{"#.utf8)]

    /// What stands in the last box; `nil` if there is none. Escaped braces count as text.
    public static func last(in text: String) -> String? {
        let bytes = Array(text.utf8)
        // A box that is never closed lets each earlier one search to the end: closing braces are found once.
        let closing = matchingBraces(bytes)
        for place in stride(from: bytes.count - 1, through: 0, by: -1) where bytes[place] == UInt8(ascii: "{") {
            guard let end = closing[place] else { continue }
            for opening in openings where bytes[...place].suffix(opening.count).elementsEqual(opening) {
                return String(decoding: bytes[place + 1..<end], as: UTF8.self)
            }
        }
        return nil
    }

    /// The place of the closing brace for each opening one that has one.
    private static func matchingBraces(_ bytes: [UInt8]) -> [Int: Int] {
        var open: [Int] = []
        var closing: [Int: Int] = [:]
        var isEscaped = false
        for (place, byte) in bytes.enumerated() {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = true
            case UInt8(ascii: "{"): open.append(place)
            case UInt8(ascii: "}"): if let start = open.popLast() { closing[start] = place }
            default: break
            }
        }
        return closing
    }
}
