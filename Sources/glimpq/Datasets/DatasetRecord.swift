/// One record of a problem file, whatever the file's form: values by name. Names are compared without regard to case,
/// as copies of one benchmark differ in it.
struct DatasetRecord {
    /// The line, or in a JSON array the element, from 1.
    let place: Int
    private let values: [(name: String, value: Value)]

    /// A value: its text, and its JSON.
    struct Value {
        /// The string; of anything else its JSON text.
        let text: String
        /// JSON text.
        let json: String
    }

    /// A record of a JSON file.
    init(place: Int, members: [(name: String, node: JSONNode)], in bytes: [UInt8]) {
        self.place = place
        values = members.compactMap { member in
            if case .null = member.node.value { return nil }
            let json = String(decoding: bytes[member.node.range], as: UTF8.self)
            return (member.name, Value(text: member.node.string ?? json, json: json))
        }
    }

    /// A record of a CSV file; empty fields count as absent.
    init(place: Int, columns: [String], fields: [String]) {
        self.place = place
        values = zip(columns, fields).compactMap { column, text in
            text.isEmpty ? nil : (column, Value(text: text, json: JSONText.string(text)))
        }
    }

    /// All names, as the file spells them.
    var names: [String] { values.map(\.name) }

    /// The value under one of some names; the first name that is there counts.
    func value(_ names: String...) -> Value? { value(names) }

    private func value(_ names: [String]) -> Value? {
        for name in names {
            if let found = values.first(where: { $0.name.lowercased() == name.lowercased() }) { return found.value }
        }
        return nil
    }

    /// The text under one of some names.
    ///
    /// - Throws: `LineFault` if none is there or the text is blank.
    func text(_ names: String...) throws(LineFault) -> String {
        guard let value = value(names) else {
            throw LineFault(
                names[0],
                "expected \(names.map(\.debugDescription).joined(separator: " or ")), got the fields "
                    + self.names.joined(separator: ", "))
        }
        guard value.text.contains(where: { !$0.isWhitespace }) else {
            throw LineFault(names[0], "expected text, got a blank")
        }
        return value.text
    }

    /// Those of some fields that are there, as members of the metadata under their first name.
    func metadata(_ names: [String]...) -> [Problem.Member] {
        names.compactMap { alternatives in
            value(alternatives).map { Problem.Member(alternatives[0], $0.json) }
        }
    }

    /// The id under one of some names; without any, a hash of the text.
    func id(_ prefix: String, _ names: String..., else text: String) -> String {
        if let value = value(names) { return String(value.text.prefix(512)) }
        let hash = String(LineHash.of(Array(text.utf8)[...]), radix: 16)
        return prefix + "-" + String(repeating: "0", count: 16 - hash.count) + hash
    }
}
