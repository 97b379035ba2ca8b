/// Takes parameters out of a JSON object one by one, checks them, and in the end refuses what nobody asked for.
/// Each part of a specification reads its own keys.
struct ParameterReader {
    private var values: [String: JSONValue]
    private var known: Set<String> = []
    /// Where the object stands, for messages.
    private let path: String

    /// Reads the members of an object inside the parameters.
    ///
    /// - Parameter path: Where the object stands: `parameters.grader`.
    init(members: [String: JSONValue], path: String) {
        values = members
        self.path = path
    }

    /// Reads the text of a JSON object; empty text counts as an empty object.
    ///
    /// - Throws: ``SpecificationError`` under the key `parameters`.
    init(_ text: String) throws(SpecificationError) {
        let value: JSONValue = text.isEmpty ? .object([:]) : try JSONValue.parse(text, key: "parameters")
        guard case .object(let members) = value else {
            throw SpecificationError(key: "parameters", expected: "a JSON object", got: value.shown)
        }
        values = members
        path = "parameters"
    }

    /// The keys that nobody has taken yet.
    var keys: [String] { Array(values.keys) }

    /// Takes a whole number; `nil` if the key is absent.
    mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(SpecificationError) -> Int? {
        guard let value = take(key) else { return nil }
        if case .integer(let number) = value, let result = Int(exactly: number), range.contains(result) {
            return result
        }
        throw error(key, expected: "a whole number in \(range.lowerBound)...\(range.upperBound)", got: value)
    }

    /// Takes a finite number; `nil` if the key is absent.
    ///
    /// - Parameter expected: The range in words, for the message.
    mutating func number(
        _ key: String, expected: String, where isValid: (Double) -> Bool
    ) throws(SpecificationError) -> Double? {
        guard let value = take(key) else { return nil }
        let number: Double? =
            switch value {
            case .integer(let integer): Double(integer)
            case .number(let double): double
            default: nil
            }
        if let number, number.isFinite, isValid(number) { return number }
        throw error(key, expected: expected, got: value)
    }

    /// Takes a string; `nil` if the key is absent.
    ///
    /// - Parameter expected: What is right, in words, for the message.
    mutating func text(
        _ key: String, expected: String, where isValid: (String) -> Bool
    ) throws(SpecificationError) -> String? {
        guard let value = take(key) else { return nil }
        if case .string(let text) = value, isValid(text) { return text }
        throw error(key, expected: expected, got: value)
    }

    /// Takes an array of strings that are not empty; `nil` if the key is absent.
    mutating func texts(_ key: String) throws(SpecificationError) -> [String]? {
        guard let value = take(key) else { return nil }
        guard case .array(let elements) = value else { throw error(key, expected: "an array of strings", got: value) }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element, !text.isEmpty else {
                throw error(key, expected: "strings that are not empty", got: element)
            }
            texts.append(text)
        }
        return texts
    }

    /// Takes one of a set of names; `nil` if the key is absent.
    mutating func name<Name: RawRepresentable & CaseIterable>(
        _ key: String, as type: Name.Type
    ) throws(SpecificationError) -> Name? where Name.RawValue == String {
        guard let value = take(key) else { return nil }
        if case .string(let text) = value, let name = Name(rawValue: text) { return name }
        let names = Name.allCases.map { $0.rawValue.debugDescription }.joined(separator: ", ")
        throw error(key, expected: "one of \(names)", got: value)
    }

    /// Takes a whole number or one word; `nil` if the key is absent. The word gives `.some(nil)`.
    mutating func integer(
        _ key: String, in range: ClosedRange<Int>, or word: String
    ) throws(SpecificationError) -> Int?? {
        guard let value = take(key) else { return nil }
        if value == .string(word) { return .some(nil) }
        if case .integer(let number) = value, let result = Int(exactly: number), range.contains(result) {
            return .some(result)
        }
        let expected = "\(word.debugDescription) or a whole number in \(range.lowerBound)...\(range.upperBound)"
        throw error(key, expected: expected, got: value)
    }

    /// Takes a truth value; `nil` if the key is absent.
    mutating func flag(_ key: String) throws(SpecificationError) -> Bool? {
        guard let value = take(key) else { return nil }
        if case .boolean(let flag) = value { return flag }
        throw error(key, expected: "true or false", got: value)
    }

    /// Takes a value of any kind; `nil` if the key is absent.
    mutating func value(_ key: String) -> JSONValue? { take(key) }

    /// Refuses keys that make no sense beside another one.
    func refuse(_ keys: [String], beside other: String) throws(SpecificationError) {
        for key in keys {
            guard let value = values[key] else { continue }
            throw error(key, expected: "no such parameter beside \(other)", got: value)
        }
    }

    /// Refuses keys that nobody took.
    ///
    /// - Parameter strategy: Named in the message, as the known keys depend on it.
    func finish(strategy: String) throws(SpecificationError) { try finish(of: "strategy \(strategy)") }

    /// Refuses keys that nobody took.
    ///
    /// - Parameter owner: Whose parameters they are, for the message.
    func finish(of owner: String) throws(SpecificationError) {
        guard let stray = values.keys.min() else { return }
        throw SpecificationError(
            key: "\(path).\(stray)",
            expected: "a parameter of \(owner): " + known.sorted().joined(separator: ", "),
            got: "an unknown key")
    }

    /// An error about a key of the parameters.
    func error(_ key: String, expected: String, got: JSONValue) -> SpecificationError {
        SpecificationError(key: "\(path).\(key)", expected: expected, got: got.shown)
    }

    private mutating func take(_ key: String) -> JSONValue? {
        known.insert(key)
        return values.removeValue(forKey: key)
    }
}
