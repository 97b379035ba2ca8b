/// A JSON value and where it stands in the text, so that parts can be handed on exactly as they were written.
struct JSONNode {
    /// What it is.
    let value: Value
    /// Its bytes in the text it was parsed from.
    let range: Range<Int>

    /// The kinds of JSON values.
    enum Value {
        case null
        case boolean(Bool)
        /// Digits as they were written.
        case number(String)
        case string(String)
        case array([JSONNode])
        /// Members in the order of the text; names are unique.
        case object([(name: String, node: JSONNode)])
    }

    /// The string, if it is one.
    var string: String? { if case .string(let text) = value { text } else { nil } }

    /// The member of a name, if it is an object that has it.
    subscript(name: String) -> JSONNode? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.name == name }?.node
    }

    /// The kind in words, for messages.
    var shown: String {
        switch value {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let digits): digits
        case .string(let text): (text.count > 40 ? text.prefix(40) + "…" : text).debugDescription
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// The text is not JSON.
struct JSONSyntaxError: Error, CustomStringConvertible {
    /// Byte offset of the fault.
    let offset: Int
    /// What was expected there.
    let reason: String

    /// Column (in bytes, from 1) and reason.
    var description: String { "column \(offset + 1): \(reason)" }
}
