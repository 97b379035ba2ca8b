/// A JSON object of a file, with errors that name the file and the path of the key.
public struct JSONObject: Sendable {
    /// The file, for messages.
    public let file: String
    private let prefix: String
    private let members: [String: JSONValue]

    /// Reads a file whose document is an object. Throws `CheckpointError`.
    public init(path: String) throws { try self.init(file: MappedFile(path: path)) }

    /// Reads a file whose document is an object. Throws `CheckpointError`.
    init(file: MappedFile) throws { try self.init(file: file.path, bytes: file.bytes, base: 0) }

    /// Reads bytes of a file, `base` being the offset of the first one.
    init(file: String, bytes: UnsafeRawBufferPointer, base: Int) throws {
        do throws(JSONParser.Failure) {
            let value = try JSONParser.parse(bytes)
            guard case .object(let members) = value else {
                throw JSONParser.Failure(offset: 0, reason: "expected an object, got \(value.kind)")
            }
            self.init(file: file, prefix: "", members: members)
        } catch {
            throw CheckpointError.malformed(file: file, place: "byte \(base + error.offset)", reason: error.reason)
        }
    }

    private init(file: String, prefix: String, members: [String: JSONValue]) {
        self.file = file
        self.prefix = prefix
        self.members = members
    }

    /// The keys in ascending order.
    public var keys: [String] { members.keys.sorted() }

    /// The value, nil if it is absent or null.
    subscript(key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    /// The key's path from the document's root.
    func path(_ key: String) -> String { prefix.isEmpty ? key : "\(prefix).\(key)" }

    /// An error about the key.
    public func malformed(_ key: String, _ reason: String) -> CheckpointError {
        .malformed(file: file, place: path(key), reason: reason)
    }

    /// An error about a value that is well-formed but not computed.
    public func unsupported(_ key: String, got: String, accepted: String) -> CheckpointError {
        .unsupported(file: file, place: path(key), got: got, accepted: accepted)
    }

    /// An integer in range; nil if absent.
    public func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = self[key] else { return nil }
        switch value {
        case .integer(let integer) where range.contains(integer): return integer
        case .integer(let integer):
            throw malformed(key, "expected \(range.lowerBound) to \(range.upperBound), got \(integer)")
        default: throw malformed(key, "expected an integer, got \(value.kind)")
        }
    }

    /// An integer in range that must be there.
    public func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        guard let integer = try integer(key, in: range) else { throw malformed(key, "the key is missing") }
        return integer
    }

    /// A finite number; nil if absent.
    public func number(_ key: String) throws -> Double? {
        switch self[key] {
        case nil: return nil
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case .some(let value): throw malformed(key, "expected a number, got \(value.kind)")
        }
    }

    /// A finite number above 0; nil if absent.
    func positiveNumber(_ key: String) throws -> Double? {
        guard let number = try number(key) else { return nil }
        guard number > 0 else { throw malformed(key, "expected a number above 0, got \(number)") }
        return number
    }

    /// A boolean; nil if absent.
    func bool(_ key: String) throws -> Bool? {
        switch self[key] {
        case nil: return nil
        case .bool(let bool): return bool
        case .some(let value): throw malformed(key, "expected true or false, got \(value.kind)")
        }
    }

    /// A string; nil if absent.
    public func string(_ key: String) throws -> String? {
        switch self[key] {
        case nil: return nil
        case .string(let string): return string
        case .some(let value): throw malformed(key, "expected a string, got \(value.kind)")
        }
    }

    /// An object; nil if absent.
    public func object(_ key: String) throws -> JSONObject? {
        switch self[key] {
        case nil: return nil
        case .object(let members): return JSONObject(file: file, prefix: path(key), members: members)
        case .some(let value): throw malformed(key, "expected an object, got \(value.kind)")
        }
    }

    /// An array of strings; nil if absent.
    public func strings(_ key: String) throws -> [String]? {
        guard let value = self[key] else { return nil }
        guard case .array(let elements) = value else { throw malformed(key, "expected an array, got \(value.kind)") }
        return try elements.map { element in
            guard case .string(let string) = element else { throw malformed(key, "expected strings") }
            return string
        }
    }

    /// An array of integers in range; a single integer counts as one element; nil if absent.
    func integers(_ key: String, in range: ClosedRange<Int>) throws -> [Int]? {
        guard case .array(let elements) = self[key] else { return try integer(key, in: range).map { [$0] } }
        return try elements.map { element in
            guard case .integer(let integer) = element, range.contains(integer) else {
                throw malformed(key, "expected integers of \(range.lowerBound) to \(range.upperBound)")
            }
            return integer
        }
    }
}
