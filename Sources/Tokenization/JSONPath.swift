/// Where in a JSON document a value stands, for messages: `model.merges[12]`.
struct JSONPath: Sendable {
    /// One level of nesting.
    enum Element: Sendable {
        case key(ArraySlice<UInt8>)
        case index(Int)
    }

    private var elements: [Element] = []

    /// Goes down one level.
    mutating func push(_ element: Element) { elements.append(element) }

    /// Goes up one level.
    mutating func pop() { elements.removeLast() }

    /// The path in dotted form; the whole document is `$`. Keys that are not plain words are quoted.
    var description: String {
        if elements.isEmpty { return "$" }
        var text = ""
        for element in elements {
            switch element {
            case .index(let index): text += "[\(index)]"
            case .key(let bytes):
                let key = String(decoding: bytes, as: UTF8.self)
                let plain = !key.isEmpty && key.utf8.allSatisfy { Self.isWordByte($0) }
                text += plain ? (text.isEmpty ? key : ".\(key)") : "[\(key.debugDescription)]"
            }
        }
        return text
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
