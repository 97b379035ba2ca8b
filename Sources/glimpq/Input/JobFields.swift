/// Takes the members of a JSON object one by one, checks their types, and in the end refuses what nobody asked for.
/// `null` counts as absent.
struct JobFields {
    /// A member and its text as it was written.
    typealias Part = (node: JSONNode, text: String)

    /// The bytes that the members stand in.
    let line: [UInt8]
    private let prefix: String
    private var members: [String: JSONNode]
    private var known: Set<String> = []

    /// Creates a reader of an object's members.
    ///
    /// - Parameter prefix: Path of the object, with a dot, for messages.
    init(_ members: [(name: String, node: JSONNode)], line: [UInt8], prefix: String = "") {
        self.line = line
        self.prefix = prefix
        self.members = Dictionary(members.map { ($0.name, $0.node) }) { first, _ in first }
    }

    /// Takes a member; `nil` if it is absent.
    mutating func node(_ name: String) -> JSONNode? {
        known.insert(name)
        guard let node = members.removeValue(forKey: name) else { return nil }
        if case .null = node.value { return nil }
        return node
    }

    /// Takes a string.
    mutating func text(_ name: String) throws(LineFault) -> String? {
        guard let node = node(name) else { return nil }
        guard let text = node.string else { throw LineFault(prefix + name, expected: "a string", got: node) }
        return text
    }

    /// Takes a whole number.
    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(LineFault) -> Int? {
        guard let node = node(name) else { return nil }
        if case .number(let digits) = node.value, let number = Int(digits), range.contains(number) { return number }
        throw LineFault(
            prefix + name, expected: "a whole number in \(range.lowerBound)...\(range.upperBound)", got: node)
    }

    /// Takes a seed: 64 bits, written with or without sign.
    mutating func seed(_ name: String) throws(LineFault) -> UInt64? {
        guard let node = node(name) else { return nil }
        if case .number(let digits) = node.value {
            if let seed = UInt64(digits) { return seed }
            if let seed = Int64(digits) { return UInt64(bitPattern: seed) }
        }
        throw LineFault(prefix + name, expected: "a whole number of 64 bits", got: node)
    }

    /// Takes a number.
    mutating func number(_ name: String) throws(LineFault) -> Double? {
        guard let node = node(name) else { return nil }
        if case .number(let digits) = node.value, let number = Double(digits), number.isFinite { return number }
        throw LineFault(prefix + name, expected: "a number", got: node)
    }

    /// Takes an object.
    mutating func object(_ name: String) throws(LineFault) -> Part? {
        try json(name, "an object") { if case .object = $0 { true } else { false } }
    }

    /// Takes a value of a kind as the text that was written.
    mutating func json(
        _ name: String, _ expected: String, where isRight: (JSONNode.Value) -> Bool
    ) throws(LineFault) -> Part? {
        guard let node = node(name) else { return nil }
        guard isRight(node.value) else { throw LineFault(prefix + name, expected: expected, got: node) }
        return (node, String(decoding: line[node.range], as: UTF8.self))
    }

    /// Refuses what nobody took.
    func finish() throws(LineFault) {
        guard let stray = members.keys.min() else { return }
        throw LineFault(prefix + stray, "unknown key; known are " + known.sorted().joined(separator: ", "))
    }
}
