/// The metadata of a GGUF file, with errors that name the file and the key.
struct GGUFMetadata: Sendable {
    /// The file that holds text and arrays.
    let file: MappedFile
    private let values: [String: GGUFValue]

    init(file: MappedFile, values: [String: GGUFValue]) {
        self.file = file
        self.values = values
    }

    /// The value; nil if it is absent.
    subscript(key: String) -> GGUFValue? { values[key] }

    /// An error about a key.
    func malformed(_ key: String, _ reason: String) -> CheckpointError {
        .malformed(file: file.path, place: "'\(key)'", reason: reason)
    }

    /// An error about a value that is well-formed but not computed.
    func unsupported(_ key: String, got: String, accepted: String) -> CheckpointError {
        .unsupported(file: file.path, place: "'\(key)'", got: got, accepted: accepted)
    }

    /// An integer in range; nil if absent. An array, one element per block, counts as one if all are equal.
    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        switch self[key] {
        case nil: return nil
        case .array(let array):
            let elements = Set(try integers(key, array))
            guard elements.count == 1, let integer = elements.first else {
                throw unsupported(
                    key, got: "\(array.count) elements of \(elements.count) values", accepted: "the same for all blocks"
                )
            }
            return try checked(integer, key, in: range)
        case .some(let value):
            guard let integer = value.integer else { throw malformed(key, "expected an integer, got \(value.kind)") }
            return try checked(integer, key, in: range)
        }
    }

    /// An integer in range that must be there.
    func requiredInteger(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        guard let integer = try integer(key, in: range) else { throw malformed(key, "the key is missing") }
        return integer
    }

    /// The elements of an array of integers; nil if absent.
    func integers(_ key: String) throws -> [Int]? {
        switch self[key] {
        case nil: return nil
        case .array(let array): return try integers(key, array)
        case .some(let value): throw malformed(key, "expected an array of integers, got \(value.kind)")
        }
    }

    /// A finite number; nil if absent.
    func number(_ key: String) throws -> Double? {
        switch self[key] {
        case nil: return nil
        case .float(let number):
            guard number.isFinite else { throw malformed(key, "expected a finite number, got \(number)") }
            return number
        case .some(let value):
            guard let integer = value.integer else { throw malformed(key, "expected a number, got \(value.kind)") }
            return Double(integer)
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
    func string(_ key: String) throws -> String? {
        switch self[key] {
        case nil: return nil
        case .string(let range):
            guard let string = String(validating: file.bytes[range], as: UTF8.self) else {
                throw malformed(key, "the text is not UTF-8")
            }
            return string
        case .some(let value): throw malformed(key, "expected a string, got \(value.kind)")
        }
    }

    /// An array of strings, left in the file; nil if absent.
    func strings(_ key: String) throws -> MappedStrings? {
        switch self[key] {
        case nil: return nil
        case .array(let array) where array.type == .string:
            return MappedStrings(file: file, range: array.range, count: array.count)
        case .some(let value): throw malformed(key, "expected an array of strings, got \(value.kind)")
        }
    }

    private func checked(_ integer: Int, _ key: String, in range: ClosedRange<Int>) throws -> Int {
        guard range.contains(integer) else {
            throw malformed(key, "expected \(range.lowerBound) to \(range.upperBound), got \(integer)")
        }
        return integer
    }

    private func integers(_ key: String, _ array: GGUFValue.Array) throws -> [Int] {
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[array.range])
        func all<Integer: FixedWidthInteger>(_ type: Integer.Type) -> [Int] {
            (0..<array.count).map { index in
                let stored = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Integer>.size, as: Integer.self)
                return Int(clamping: Integer(littleEndian: stored))
            }
        }
        switch array.type {
        case .uint8: return all(UInt8.self)
        case .int8: return all(Int8.self)
        case .uint16: return all(UInt16.self)
        case .int16: return all(Int16.self)
        case .uint32: return all(UInt32.self)
        case .int32: return all(Int32.self)
        case .uint64: return all(UInt64.self)
        case .int64: return all(Int64.self)
        case .float32, .float64, .bool, .string, .array:
            throw malformed(key, "expected an array of integers, got one of \(array.type)")
        }
    }
}

extension GGUFValue {
    /// The integer, at most `Int.max`; nil if it is none.
    fileprivate var integer: Int? {
        switch self {
        case .unsigned(let integer): Int(clamping: integer)
        case .signed(let integer): Int(integer)
        default: nil
        }
    }
}
