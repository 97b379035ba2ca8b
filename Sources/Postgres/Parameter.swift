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
    /// Appends what an array has of it: the length in four bytes, -1 for NULL, then the binary form.
    func appendElement(to bytes: inout [UInt8])
}

extension PostgresElement {
    /// The wire form.
    public var parameter: Parameter { Parameter(type: Self.elementType, binary: binary) }

    /// Appends length and binary form; types of which arrays are long do it without a copy.
    public func appendElement(to bytes: inout [UInt8]) {
        guard let value = binary else { return bytes.appendBigEndian(Int32(-1)) }
        bytes.appendBigEndian(Int32(value.count))
        bytes.append(contentsOf: value)
    }
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
    /// Appends the wrapped value's form.
    public func appendElement(to bytes: inout [UInt8]) {
        if let value = self { value.appendElement(to: &bytes) } else { bytes.appendBigEndian(Int32(-1)) }
    }
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
        for element in self { element.appendElement(to: &bytes) }
        return Parameter(type: OID.array(of: Element.elementType), binary: bytes)
    }
}

extension [UInt8] {
    /// A number as an element of an array: its length, then its bytes.
    mutating func appendElement<Number: FixedWidthInteger>(_ number: Number) {
        appendBigEndian(Int32(Number.bitWidth / 8))
        appendBigEndian(number)
    }

    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

func networkOrder<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}
