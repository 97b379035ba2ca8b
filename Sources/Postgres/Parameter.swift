/// One statement parameter in wire form.
public struct Parameter: Sendable {
    /// The type's object id; 0 lets the server infer it.
    var type: UInt32
    /// Whether `bytes` are in binary format.
    var isBinary: Bool
    /// The value; `nil` is NULL.
    var bytes: [UInt8]?

    init(type: UInt32, binary bytes: [UInt8]?) {
        self.type = type
        isBinary = true
        self.bytes = bytes
    }

    init(type: UInt32, text: String) {
        self.type = type
        isBinary = false
        bytes = Array(text.utf8)
    }
}

/// A value that can be sent as a statement parameter.
public protocol PostgresEncodable: Sendable {
    /// The wire form.
    var parameter: Parameter { get }
}

/// A value that can be an element of an array parameter.
public protocol PostgresElement: PostgresEncodable {
    /// The element type's object id.
    static var elementType: UInt32 { get }
    /// Binary form; `nil` is NULL.
    var binary: [UInt8]? { get }
}

extension PostgresElement {
    /// The wire form.
    public var parameter: Parameter { Parameter(type: Self.elementType, binary: binary) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresElement {
    /// The wire form; `nil` is NULL.
    public var parameter: Parameter { self?.parameter ?? Parameter(type: Wrapped.elementType, binary: nil) }
}

extension Optional: PostgresElement where Wrapped: PostgresElement {
    /// The type of the wrapped value.
    public static var elementType: UInt32 { Wrapped.elementType }
    /// The wrapped value's form; `nil` is NULL.
    public var binary: [UInt8]? { self?.binary }
}

extension Array: PostgresEncodable where Element: PostgresElement {
    /// A one-dimensional array in binary format.
    public var parameter: Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + count * 12)
        bytes.appendBigEndian(Int32(isEmpty ? 0 : 1))  // dimensions
        bytes.appendBigEndian(Int32(1))  // may contain NULL
        bytes.appendBigEndian(Element.elementType)
        if !isEmpty {
            bytes.appendBigEndian(Int32(count))
            bytes.appendBigEndian(Int32(1))  // lower bound
        }
        for element in self {
            if let value = element.binary {
                bytes.appendBigEndian(Int32(value.count))
                bytes.append(contentsOf: value)
            } else {
                bytes.appendBigEndian(Int32(-1))
            }
        }
        return Parameter(type: OID.array(of: Element.elementType), binary: bytes)
    }
}

extension [UInt8] {
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

func networkOrder<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
