extension Int: PostgresElement {
    /// `bigint`.
    public static var elementType: UInt32 { OID.int8 }
    /// Eight bytes.
    public var binary: [UInt8]? { networkOrder(Int64(self)) }
    /// Its length and bytes.
    public func appendElement(to bytes: inout [UInt8]) { bytes.appendElement(Int64(self)) }
}

extension Int64: PostgresElement {
    /// `bigint`.
    public static var elementType: UInt32 { OID.int8 }
    /// Eight bytes.
    public var binary: [UInt8]? { networkOrder(self) }
    /// Its length and bytes.
    public func appendElement(to bytes: inout [UInt8]) { bytes.appendElement(self) }
}

extension Int32: PostgresElement {
    /// `integer`.
    public static var elementType: UInt32 { OID.int4 }
    /// Four bytes.
    public var binary: [UInt8]? { networkOrder(self) }
    /// Its length and bytes.
    public func appendElement(to bytes: inout [UInt8]) { bytes.appendElement(self) }
}

extension Int16: PostgresElement {
    /// `smallint`.
    public static var elementType: UInt32 { OID.int2 }
    /// Two bytes.
    public var binary: [UInt8]? { networkOrder(self) }
}

extension Double: PostgresElement {
    /// `double precision`.
    public static var elementType: UInt32 { OID.float8 }
    /// Eight bytes.
    public var binary: [UInt8]? { networkOrder(bitPattern) }
    /// Its length and bytes.
    public func appendElement(to bytes: inout [UInt8]) { bytes.appendElement(bitPattern) }
}

extension Bool: PostgresElement {
    /// `boolean`.
    public static var elementType: UInt32 { OID.bool }
    /// One byte.
    public var binary: [UInt8]? { [self ? 1 : 0] }
}

extension String: PostgresElement {
    /// `text` as an element of an array.
    public static var elementType: UInt32 { OID.text }
    /// UTF-8.
    public var binary: [UInt8]? { Array(utf8) }
    /// Its length and UTF-8.
    public func appendElement(to bytes: inout [UInt8]) {
        bytes.appendBigEndian(Int32(utf8.count))
        bytes.append(contentsOf: utf8)
    }
    /// Text of a type that the server infers, so that a string can be a `jsonb`, `date` or `interval` too.
    public var parameter: Parameter { Parameter(type: 0, text: self) }
}

/// Bytes as `bytea`; a plain `[UInt8]` would be taken for an array of numbers.
public struct Bytea: Sendable, Hashable, PostgresElement {
    /// The bytes.
    public var bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `bytea`.
    public static var elementType: UInt32 { OID.bytea }
    /// The bytes.
    public var binary: [UInt8]? { bytes }
}

/// JSON text as `jsonb`.
public struct JSONText: Sendable, Hashable, PostgresElement {
    /// The document.
    public var text: String

    /// Wraps JSON text, which is not checked here.
    public init(_ text: String) { self.text = text }

    /// `jsonb`.
    public static var elementType: UInt32 { OID.jsonb }
    /// The version byte of `jsonb`, then the text.
    public var binary: [UInt8]? { [1] + text.utf8 }
}
