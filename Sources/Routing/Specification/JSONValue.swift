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
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Parses a document.
    ///
    /// - Throws: ``SpecificationError`` under `key`.
    static func parse(_ text: String, key: String) throws(SpecificationError) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        } catch {
            throw SpecificationError(key: key, expected: "JSON", got: abbreviated(text))
        }
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
