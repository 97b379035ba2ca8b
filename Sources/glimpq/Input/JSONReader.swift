/// Parses one JSON text (RFC 8259) from UTF-8 that was checked before; strict, and it refuses repeated member names.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// How deep arrays and objects may nest; what recursion can bear with room to spare.
    private static let deepest = 200

    /// Parses a whole text.
    static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONNode {
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        let node = try reader.node()
        reader.skipSpace()
        if reader.position < bytes.count { throw reader.fault("expected the end of the line after the JSON value") }
        return node
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func node() throws(JSONSyntaxError) -> JSONNode {
        let start = position
        guard let byte = peek else { throw fault("expected a JSON value, got the end of the line") }
        let value: JSONNode.Value
        switch byte {
        case UInt8(ascii: "{"): value = try object()
        case UInt8(ascii: "["): value = try array()
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): value = .number(try number())
        default: value = try word()
        }
        return JSONNode(value: value, range: start..<position)
    }

    private mutating func object() throws(JSONSyntaxError) -> JSONNode.Value {
        try descend()
        var members: [(name: String, node: JSONNode)] = []
        var names: Set<String> = []
        skipSpace()
        if take("}") { return ascend(.object([])) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw fault("expected a member name in double quotes") }
            let place = position
            let name = try string()
            if !names.insert(name).inserted {
                throw JSONSyntaxError(offset: place, reason: "the name \(name.debugDescription) is given twice")
            }
            skipSpace()
            guard take(":") else { throw fault("expected ':' after the name \(name.debugDescription)") }
            skipSpace()
            members.append((name, try node()))
            skipSpace()
            if take("}") { return ascend(.object(members)) }
            guard take(",") else { throw fault("expected ',' or '}' after a member") }
        }
    }

    private mutating func array() throws(JSONSyntaxError) -> JSONNode.Value {
        try descend()
        var elements: [JSONNode] = []
        skipSpace()
        if take("]") { return ascend(.array([])) }
        while true {
            skipSpace()
            elements.append(try node())
            skipSpace()
            if take("]") { return ascend(.array(elements)) }
            guard take(",") else { throw fault("expected ',' or ']' after an element") }
        }
    }

    private mutating func string() throws(JSONSyntaxError) -> String {
        position += 1
        let start = position
        while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if peek == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault("a control character must be written as an escape inside a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("expected '\"' at the end of a string, got the end of the line")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        position += 1
        guard let byte = peek else { throw fault("expected an escape, got the end of the line") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), take("\\"), take("u") {
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw fault("expected a low surrogate after a high one") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("a surrogate without its partner") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default:
            position -= 1
            throw fault("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("expected four hexadecimal digits after \\u")
            }
            code = code << 4 + UInt32(digit)
            position += 1
        }
        return code
    }

    private mutating func number() throws(JSONSyntaxError) -> String {
        let start = position
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") { try digits() }
        var exponent = position..<position
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            let first = position
            try digits()
            exponent = first..<position
        }
        // PostgreSQL's jsonb refuses numbers far outside the range of a double, and with them a whole COPY.
        let isVast = exponent.count > 6 || (Int(String(decoding: bytes[exponent], as: UTF8.self)) ?? 0) > 400
        if isVast || position - start > 1000 {
            throw JSONSyntaxError(offset: start, reason: "a number out of range")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        let start = position
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        if position == start { throw fault("expected a digit") }
    }

    private mutating func word() throws(JSONSyntaxError) -> JSONNode.Value {
        for (spelling, value) in [("true", JSONNode.Value.boolean(true)), ("false", .boolean(false)), ("null", .null)]
        where bytes[position...].starts(with: spelling.utf8) {
            position += spelling.utf8.count
            return value
        }
        throw fault("expected a JSON value")
    }

    private mutating func descend() throws(JSONSyntaxError) {
        position += 1
        depth += 1
        if depth > Self.deepest { throw fault("nested deeper than \(Self.deepest)") }
    }

    private mutating func ascend(_ value: JSONNode.Value) -> JSONNode.Value {
        depth -= 1
        return value
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { position += 1 }
    }

    private func fault(_ reason: String) -> JSONSyntaxError { JSONSyntaxError(offset: position, reason: reason) }
}
