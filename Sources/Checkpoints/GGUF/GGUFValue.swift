/// A metadata value of a GGUF file. Text and arrays stay in the mapped file.
enum GGUFValue: Sendable {
    case unsigned(UInt64)
    case signed(Int64)
    case float(Double)
    case bool(Bool)
    /// Bytes of the text in the file.
    case string(Range<Int>)
    case array(Array)

    /// An array whose elements lie in the file, one after the other.
    struct Array: Sendable {
        let type: Kind
        let count: Int
        let range: Range<Int>
    }

    /// The kinds of values, by their number in the file.
    enum Kind: UInt32, Sendable {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// Bytes of a value; of a string or array, at least.
        var minimumBytes: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64, .string: 8
            case .array: 12
            }
        }
    }

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .unsigned, .signed: "an integer"
        case .float: "a number"
        case .bool: "a boolean"
        case .string: "a string"
        case .array: "an array"
        }
    }
}

extension GGUFCursor {
    /// The value of a metadata key.
    mutating func value(of key: String) throws -> GGUFValue {
        try value(kind(of: key), of: key)
    }

    private mutating func kind(of key: String) throws -> GGUFValue.Kind {
        let start = position
        let number = try integer(UInt32.self, of: "the type of '\(key)'")
        guard let kind = GGUFValue.Kind(rawValue: number) else {
            throw malformed(at: start, "'\(key)' has type \(number), expected 0 to 12")
        }
        return kind
    }

    private mutating func value(_ kind: GGUFValue.Kind, of key: String) throws -> GGUFValue {
        switch kind {
        case .uint8: return .unsigned(UInt64(try integer(UInt8.self, of: "'\(key)'")))
        case .uint16: return .unsigned(UInt64(try integer(UInt16.self, of: "'\(key)'")))
        case .uint32: return .unsigned(UInt64(try integer(UInt32.self, of: "'\(key)'")))
        case .uint64: return .unsigned(try integer(UInt64.self, of: "'\(key)'"))
        case .int8: return .signed(Int64(try integer(Int8.self, of: "'\(key)'")))
        case .int16: return .signed(Int64(try integer(Int16.self, of: "'\(key)'")))
        case .int32: return .signed(Int64(try integer(Int32.self, of: "'\(key)'")))
        case .int64: return .signed(try integer(Int64.self, of: "'\(key)'"))
        case .float32: return .float(Double(Float(bitPattern: try integer(UInt32.self, of: "'\(key)'"))))
        case .float64: return .float(Double(bitPattern: try integer(UInt64.self, of: "'\(key)'")))
        case .bool:
            let start = position
            let byte = try integer(UInt8.self, of: "'\(key)'")
            guard byte <= 1 else { throw malformed(at: start, "'\(key)': expected a boolean of 0 or 1, got \(byte)") }
            return .bool(byte == 1)
        case .string: return .string(try string(of: "'\(key)'"))
        case .array: return .array(try array(of: key))
        }
    }

    private mutating func array(of key: String) throws -> GGUFValue.Array {
        let element = try kind(of: key)
        guard element != .array else {
            throw CheckpointError.unsupported(
                file: file.path, place: "'\(key)'", got: "an array of arrays",
                accepted: "arrays of numbers, booleans or strings")
        }
        let count = try count(of: "elements of '\(key)'", minimumBytes: element.minimumBytes)
        let first = position
        if element == .string {
            for _ in 0..<count { _ = try string(of: "an element of '\(key)'") }
        } else {
            skip(count * element.minimumBytes)
        }
        return GGUFValue.Array(type: element, count: count, range: first..<position)
    }
}
