/// One value of a row in binary format, valid during the call that hands it over.
public struct Cell {
    /// The type's object id.
    let type: UInt32
    /// The value; `nil` is NULL.
    let bytes: UnsafeRawBufferPointer?

    /// The bytes of a value that must not be NULL and must have one of some types.
    func bytes(of types: [UInt32], as expected: String) throws -> UnsafeRawBufferPointer {
        guard let bytes else { throw CellError(expected: expected, got: "NULL") }
        guard types.contains(type) else { throw CellError(expected: expected, got: OID.describe(type)) }
        return bytes
    }
}

/// What was asked of a cell and what it holds; ``Row`` adds the column.
struct CellError: Error {
    let expected: String
    let got: String
}

/// A value that can be read from a result.
public protocol PostgresDecodable: Sendable {
    /// Reads the value; throws if the cell is NULL or has another type.
    init(from cell: Cell) throws
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads the value; NULL is `nil`.
    public init(from cell: Cell) throws { self = cell.bytes == nil ? nil : try Wrapped(from: cell) }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// Reads an array of at most one dimension.
    public init(from cell: Cell) throws {
        guard let bytes = cell.bytes else { throw CellError(expected: "an array", got: "NULL") }
        let unexpected = CellError(expected: "a one-dimensional array", got: OID.describe(cell.type))
        guard bytes.count >= 12 else { throw unexpected }
        func number(_ offset: Int) -> Int32 {
            Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }
        let dimensions = number(0)
        if dimensions == 0 {
            self = []
            return
        }
        guard dimensions == 1, bytes.count >= 20 else { throw unexpected }
        let element = UInt32(bitPattern: number(8))
        let count = Int(number(12))
        var offset = 20
        self = []
        reserveCapacity(count)
        for _ in 0..<count {
            guard offset + 4 <= bytes.count else { throw unexpected }
            let length = Int(number(offset))
            offset += 4
            guard offset + Swift.max(length, 0) <= bytes.count else { throw unexpected }
            let value = length < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            append(try Element(from: Cell(type: element, bytes: value)))
            offset += Swift.max(length, 0)
        }
    }
}
