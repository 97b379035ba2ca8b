extension FixedWidthInteger {
    /// Reads any integer type that fits.
    fileprivate init(integer cell: Cell, as expected: String) throws {
        let bytes = try cell.bytes(of: [OID.int8, OID.int4, OID.int2, OID.oid, OID.xid], as: expected)
        let wide: Int64 =
            switch cell.type {
            case OID.int8: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
            case OID.int4: Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
            case OID.int2: Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
            default: Int64(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
            }
        guard let exact = Self(exactly: wide) else {
            throw CellError(expected: expected, got: "a number out of its range")
        }
        self = exact
    }
}

extension Int: PostgresDecodable {
    /// Reads an integer of any width.
    public init(from cell: Cell) throws { try self.init(integer: cell, as: "bigint") }
}

extension Int64: PostgresDecodable {
    /// Reads an integer of any width.
    public init(from cell: Cell) throws { try self.init(integer: cell, as: "bigint") }
}

extension Int32: PostgresDecodable {
    /// Reads an integer that fits.
    public init(from cell: Cell) throws { try self.init(integer: cell, as: "integer") }
}

extension Double: PostgresDecodable {
    /// Reads `double precision`, `real`, `numeric` (rounded to the nearest double) or an integer.
    public init(from cell: Cell) throws {
        let bytes = try cell.bytes(
            of: [OID.float8, OID.float4, OID.numeric, OID.int8, OID.int4, OID.int2], as: "double precision")
        switch cell.type {
        case OID.float8: self = Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
        case OID.float4: self = Double(Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
        case OID.numeric: self = try Self.numeric(bytes)
        default: self = Double(try Int64(from: cell))
        }
    }

    /// `numeric` on the wire: digit count, weight, sign, display scale, then digits to base 10,000 (16 bits each).
    private static func numeric(_ bytes: UnsafeRawBufferPointer) throws -> Double {
        func word(_ index: Int) -> UInt16 {
            UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
        }
        let digits = Int(word(0))
        let weight = Int(Int16(bitPattern: word(1)))
        let sign = word(2)
        guard sign == 0x0000 || sign == 0x4000 else {
            return sign == 0xD000 ? .infinity : sign == 0xF000 ? -.infinity : .nan
        }
        var text = sign == 0x4000 ? "-0." : "0."
        for index in 0..<digits {
            let digit = String(word(4 + index))
            text += String(repeating: "0", count: 4 - digit.count) + digit
        }
        guard digits > 0 else { return 0 }
        return Double(text + "e\((weight + 1) * 4)") ?? .nan
    }
}

extension Bool: PostgresDecodable {
    /// Reads a `boolean`.
    public init(from cell: Cell) throws { self = try cell.bytes(of: [OID.bool], as: "boolean").first == 1 }
}

extension String: PostgresDecodable {
    /// Reads text, a name, or JSON as text.
    public init(from cell: Cell) throws {
        let bytes = try cell.bytes(
            of: [OID.text, OID.varchar, OID.bpchar, OID.name, OID.json, OID.jsonb, OID.unknown], as: "text")
        // The first byte of a jsonb is the version of its format.
        let text = cell.type == OID.jsonb ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes
        self = String(decoding: text, as: UTF8.self)
    }
}

extension Bytea: PostgresDecodable {
    /// Reads a `bytea`.
    public init(from cell: Cell) throws { self.init(Array(try cell.bytes(of: [OID.bytea], as: "bytea"))) }
}
