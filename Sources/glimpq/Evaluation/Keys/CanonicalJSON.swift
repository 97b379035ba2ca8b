import Foundation

/// JSON objects in one form: members by name, numbers as the shortest text that gives them back.
enum CanonicalJSON {
    /// The object of some members, given as JSON texts; a later member takes the place of an earlier one of its name,
    /// and `null` takes it away.
    static func object(_ members: [(name: String, value: String)]) -> String {
        var values: [String: String] = [:]
        for (name, value) in members { values[name] = value == "null" ? nil : value }
        return JSONText.object(values.sorted { $0.key < $1.key }.map { ($0.key, text($0.value)) })
    }

    /// A JSON text in canonical form; what is no JSON stays as it is.
    static func text(_ json: String) -> String {
        guard let node = try? JSONReader.parse(Array(json.utf8)) else { return json }
        return text(node)
    }

    static func text(_ node: JSONNode) -> String {
        switch node.value {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .number(let digits): number(digits)
        case .string(let text): JSONText.string(text)
        case .array(let elements): JSONText.array(elements.map(text))
        case .object(let members):
            JSONText.object(
                members.sorted { $0.name < $1.name }.map { ($0.name, text($0.node)) })
        }
    }

    /// A number in its shortest form: `0.20` is `0.2`, `1.0` and `1e0` are `1`.
    private static func number(_ digits: String) -> String {
        if let whole = Int64(digits) { return "\(whole)" }
        guard let value = Double(digits) else { return digits }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }
}
