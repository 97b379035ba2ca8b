/// Reads a JSON document (RFC 8259) value by value without building a tree: a vocabulary of 150,000 entries is read
/// in one pass. Any input gives values or a ``TokenizerError`` that names the JSON path; none traps.
struct JSONCursor {
    /// The kind of the value that comes next.
    enum Kind: String {
        case object, array, string, number, boolean, null
    }

    /// Containers may nest this deep.
    static let maximumDepth = 64

    /// Name of the document in messages.
    let source: String
    /// Where the next value stands.
    private(set) var path = JSONPath()

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Starts before the first value.
    ///
    /// - Throws: ``TokenizerError`` if the document is not UTF-8; then every string in it is.
    init(bytes: [UInt8], source: String) throws {
        self.bytes = bytes
        self.source = source
        guard String(validating: bytes, as: UTF8.self) != nil else { throw malformed("UTF-8", "ill-formed bytes") }
    }

    /// Reads an object; `body` must read exactly the value of each key.
    mutating func readObject(_ body: (inout JSONCursor, ArraySlice<UInt8>) throws -> Void) throws {
        try enter(UInt8(ascii: "{"), expected: "an object")
        while try next(closing: UInt8(ascii: "}")) {
            guard peek() == UInt8(ascii: "\"") else { throw malformed("a key in quotes", describeNext()) }
            let key = try readStringBytes()
            skipWhitespace()
            guard peek() == UInt8(ascii: ":") else { throw malformed("':' after a key", describeNext()) }
            position += 1
            path.push(.key(key))
            try body(&self, key)
            path.pop()
        }
    }

    /// Reads an array; `body` must read exactly one element.
    mutating func readArray(_ body: (inout JSONCursor) throws -> Void) throws {
        try enter(UInt8(ascii: "["), expected: "an array")
        var index = 0
        while try next(closing: UInt8(ascii: "]")) {
            path.push(.index(index))
            try body(&self)
            path.pop()
            index += 1
        }
    }

    /// Reads a string as text.
    mutating func readString() throws -> String {
        String(decoding: try readStringBytes(), as: UTF8.self)
    }

    /// Reads `true` or `false`.
    mutating func readBool() throws -> Bool {
        skipWhitespace()
        if consume("true") { return true }
        if consume("false") { return false }
        throw malformed("true or false", describeNext())
    }

    /// Reads `null` if it comes next.
    mutating func readNull() -> Bool {
        skipWhitespace()
        return consume("null")
    }

    /// Reads a number of digits alone, at most `limit`.
    mutating func readNatural(atMost limit: Int) throws -> Int {
        skipWhitespace()
        var expected: String { "an integer in 0...\(limit)" }
        var value = 0
        var digits = 0
        while let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            digits += 1
            position += 1
            if value > limit { throw malformed(expected, "a larger number") }
        }
        guard digits > 0 else { throw malformed(expected, describeNext()) }
        if let byte = peek(), byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e") {
            throw malformed(expected, "a fraction")
        }
        return value
    }

    /// Reads any value and forgets it.
    mutating func skipValue() throws {
        switch try kind() {
        case .object: try readObject { cursor, _ in try cursor.skipValue() }
        case .array: try readArray { cursor in try cursor.skipValue() }
        case .string: _ = try readStringBytes()
        case .boolean: _ = try readBool()
        case .null: guard readNull() else { throw malformed("a value", describeNext()) }
        case .number:
            while let byte = peek(), Self.numberBytes.contains(byte) { position += 1 }
        }
    }

    /// Checks that nothing follows the document.
    mutating func expectEnd() throws {
        skipWhitespace()
        guard position == bytes.count else { throw malformed("the end of the document", describeNext()) }
    }

    /// The kind of the next value.
    mutating func kind() throws -> Kind {
        skipWhitespace()
        switch peek() {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case .some(UInt8(ascii: "0")...UInt8(ascii: "9")), UInt8(ascii: "-"): return .number
        default: throw malformed("a JSON value", describeNext())
        }
    }

    /// An error at the present path.
    func malformed(_ expected: String, _ found: String) -> TokenizerError {
        .malformed(source: source, jsonPath: path.description, expected: expected, found: found)
    }

    /// An error at the present path.
    func unsupported(_ feature: String, supported: String) -> TokenizerError {
        .unsupported(source: source, jsonPath: path.description, feature: feature, supported: supported)
    }

    private static let numberBytes = Set("+-.0123456789eE".utf8)

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func consume(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        let matches = word.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + length]) }
        if matches { position += length }
        return matches
    }

    private mutating func enter(_ opening: UInt8, expected: String) throws {
        skipWhitespace()
        guard peek() == opening else { throw malformed(expected, describeNext()) }
        guard depth < Self.maximumDepth else { throw malformed("at most \(Self.maximumDepth) levels", "more") }
        position += 1
        depth += 1
        skipWhitespace()
        firstElement = true
    }

    /// Whether the next call of ``next(closing:)`` stands right behind an opening bracket.
    private var firstElement = false

    /// Moves to the next element of a container; `false` behind its end.
    private mutating func next(closing: UInt8) throws -> Bool {
        skipWhitespace()
        let first = firstElement
        firstElement = false
        if peek() == closing {
            position += 1
            depth -= 1
            return false
        }
        if first { return true }
        guard peek() == UInt8(ascii: ",") else {
            throw malformed("',' or '\(Character(Unicode.Scalar(closing)))'", describeNext())
        }
        position += 1
        skipWhitespace()
        if peek() == closing { throw malformed("a value after ','", describeNext()) }
        return true
    }

    private func describeNext() -> String {
        guard let byte = peek() else { return "the end of the document" }
        let printable = byte >= 0x20 && byte < 0x7F
        let shown = printable ? "'\(Character(Unicode.Scalar(byte)))'" : "byte \(byte)"
        return "\(shown) at offset \(position)"
    }
}

extension JSONCursor {
    /// Reads a string as UTF-8, escapes resolved. Without escapes it is a slice of the document: nothing is copied.
    mutating func readStringBytes() throws -> ArraySlice<UInt8> {
        skipWhitespace()
        guard peek() == UInt8(ascii: "\"") else { throw malformed("a string", describeNext()) }
        position += 1
        let start = position
        while let byte = peek(), byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if peek() == UInt8(ascii: "\"") {
            position += 1
            return bytes[start..<position - 1]
        }
        var result = Array(bytes[start..<position])
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return result[...]
            case UInt8(ascii: "\\"):
                position += 1
                try readEscape(into: &result)
            case 0x00..<0x20: throw malformed("an escaped control character", describeNext())
            default:
                result.append(byte)
                position += 1
            }
        }
        throw malformed("a closing quote", describeNext())
    }

    private mutating func readEscape(into result: inout [UInt8]) throws {
        guard let byte = peek() else { throw malformed("an escape", describeNext()) }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): result.append(contentsOf: String(Character(try readUnicodeEscape())).utf8)
        default:
            position -= 1
            throw malformed("one of \"\\/bfnrtu after a backslash", describeNext())
        }
    }

    /// Reads the digits of `\uXXXX`, and of the low surrogate after a high one.
    private mutating func readUnicodeEscape() throws -> Unicode.Scalar {
        let first = try readFourHexDigits()
        if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
        guard first < 0xDC00, consume("\\u") else { throw malformed("a surrogate pair", describeNext()) }
        let second = try readFourHexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00))
        else { throw malformed("a low surrogate", "\\u\(String(second, radix: 16))") }
        return scalar
    }

    private mutating func readFourHexDigits() throws -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("four hexadecimal digits", describeNext())
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}
