import Queue

/// What the command line says about all jobs of a file.
struct JobDefaults {
    /// Name of the strategy of lines that name none.
    var strategy = "glimprouter"
    /// Name of the pair of lines that name none; `nil` leaves it to the worker.
    var pair: String?
    /// Queue of lines that name none.
    var queue = "default"
    /// Tenant of lines that name none.
    var tenant: String?
    /// Priority of lines that have none.
    var priority: Int16 = 0
    /// Parameters that a line may override: names and JSON texts, sorted by name.
    var parameters: [(name: String, value: String)] = []

    /// The parameters alone as JSON text.
    var parameterObject: String { merged(with: nil, in: []) }

    /// All of it, to tell whether a file was enqueued with other settings before.
    var fingerprint: String {
        JSONText.object([
            ("strategy", JSONText.string(strategy)), ("params", parameterObject),
            ("pair", pair.map(JSONText.string) ?? "null"), ("queue", JSONText.string(queue)),
            ("tenant", tenant.map(JSONText.string) ?? "null"), ("priority", "\(priority)"),
        ])
    }

    /// Reads `name=value`. A value that is JSON is taken as such, anything else as a string.
    ///
    /// - Throws: ``CommandFailure`` if there is no name or the name is given twice.
    mutating func add(parameter text: String) throws {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw CommandFailure(.usage, "--param: expected name=value, got \(text.debugDescription)")
        }
        let name = String(text[..<equals])
        let value = String(text[text.index(after: equals)...])
        guard !parameters.contains(where: { $0.name == name }) else {
            throw CommandFailure(.usage, "--param: \(name) is given twice")
        }
        let isJSON = (try? JSONReader.parse(Array(value.utf8))) != nil
        parameters.append((name, isJSON ? value : JSONText.string(value)))
        parameters.sort { $0.name < $1.name }
    }

    /// The parameters of a line with the defaults for what it leaves out, as JSON text.
    ///
    /// - Parameters:
    ///   - own: The line's parameters; an object.
    ///   - line: The bytes of the line.
    func merged(with own: JSONNode?, in line: [UInt8]) -> String {
        var members: [(name: String, value: String)] = []
        if case .object(let given)? = own?.value {
            members = given.map { ($0.name, String(decoding: line[$0.node.range], as: UTF8.self)) }
        }
        let named = Set(members.map(\.name))
        for (name, value) in parameters where !named.contains(name) { members.append((name, value)) }
        return JSONText.object(members)
    }
}
