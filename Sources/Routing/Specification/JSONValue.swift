import FoundationEssentials

/// Any JSON value.
enum JSONValue: Decodable, Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        // The kinds that hold others come early: each attempt that fails costs an error with the path to this place.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([String: JSONValue].self) {
            self = .object(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .array(try container.decode([JSONValue].self))
        }
    }

    /// How deep arrays and objects may nest; nothing that we read goes beyond three. Decoding takes time with the square
    /// of the depth.
    private static let deepest = 16

    /// Parses a document.
    ///
    /// - Throws: ``SpecificationError`` under `key`.
    static func parse(_ text: String, key: String) throws(SpecificationError) -> JSONValue {
        guard depth(of: text) <= deepest else {
            throw SpecificationError(key: key, expected: "at most \(deepest) levels of nesting", got: abbreviated(text))
        }
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw SpecificationError(key: key, expected: "JSON", got: abbreviated(text))
        }
    }

    /// How deep the brackets nest outside of strings, whether they match or not.
    private static func depth(of text: String) -> Int {
        var depth = 0, deepest = 0
        var isString = false, isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\"): isEscaped = isString
            case UInt8(ascii: "\""): isString.toggle()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if !isString { depth += 1 }
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): if !isString { depth -= 1 }
            default: break
            }
        }
        return deepest
    }

    /// The value for a message.
    var shown: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "the string " + Self.abbreviated(value)
        case .array: "an array"
        case .object: "an object"
        }
    }

    private static func abbreviated(_ text: String) -> String {
        text.count <= 60 ? text.debugDescription : String(text.prefix(60)).debugDescription + "…"
    }
}
