/// Reads a GGUF header front to back. Every length is held against the bytes that are left before anything is done with
/// it, so no file makes it trap, read outside the mapping or reserve memory that the file does not back.
struct GGUFCursor {
    let file: MappedFile
    /// Offset of the next byte.
    private(set) var position = 0

    init(_ file: MappedFile) { self.file = file }

    /// Bytes that are left.
    var remaining: Int { file.bytes.count - position }

    /// Longest key or tensor name accepted; the format allows no longer keys.
    static let maximumNameBytes = 65535

    /// An error at an offset; nil for the present one.
    func malformed(at offset: Int? = nil, _ reason: String) -> CheckpointError {
        .malformed(file: file.path, place: "byte \(offset ?? position)", reason: reason)
    }

    /// A little-endian integer.
    mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type, of what: @autoclosure () -> String
    ) throws -> Integer {
        let size = MemoryLayout<Integer>.size
        guard remaining >= size else {
            throw malformed("expected \(what()) of \(size) bytes, got the end of the file; it is truncated")
        }
        defer { position += size }
        return Integer(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: Integer.self))
    }

    /// A count of things that take at least `minimumBytes` each, and so cannot be more than the file has room for.
    mutating func count(of what: @autoclosure () -> String, minimumBytes: Int) throws -> Int {
        let start = position
        let count = try integer(UInt64.self, of: "the number of \(what())")
        guard count <= UInt64(remaining / minimumBytes) else {
            throw malformed(
                at: start,
                "\(count) \(what()) of at least \(minimumBytes) bytes do not fit the \(remaining) bytes that follow; "
                    + "the file is truncated or damaged")
        }
        return Int(count)
    }

    /// The bytes of a string: a length of 8 bytes, then the text.
    mutating func string(of what: @autoclosure () -> String) throws -> Range<Int> {
        let start = position
        let length = try integer(UInt64.self, of: "the length of \(what())")
        guard length <= UInt64(remaining) else {
            throw malformed(
                at: start,
                "\(what()) has \(length) bytes, \(remaining) follow; the file is truncated or damaged")
        }
        defer { position += Int(length) }
        return position..<position + Int(length)
    }

    /// A key or the name of a tensor: text of bounded length.
    mutating func name(of what: @autoclosure () -> String) throws -> String {
        let start = position
        let range = try string(of: what())
        guard range.count <= Self.maximumNameBytes else {
            throw malformed(at: start, "\(what()) has \(range.count) bytes, expected at most \(Self.maximumNameBytes)")
        }
        guard let name = String(validating: file.bytes[range], as: UTF8.self) else {
            throw malformed(at: start, "\(what()) is not UTF-8")
        }
        return name
    }

    /// Passes over bytes that are known to be there.
    mutating func skip(_ count: Int) {
        precondition(count >= 0 && count <= remaining, "the caller has compared the length with the file")
        position += count
    }
}
