/// A `timestamptz`: microseconds since 1970-01-01 00:00 UTC.
public struct Timestamp: Sendable, Hashable, Comparable, PostgresElement, PostgresDecodable {
    /// Microseconds since 1970-01-01 00:00 UTC.
    public var microseconds: Int64

    /// Creates a point in time.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Seconds since 1970-01-01 00:00 UTC.
    public var seconds: Double { Double(microseconds) / 1e6 }

    /// PostgreSQL counts from 2000-01-01.
    private static let epoch: Int64 = 946_684_800_000_000

    /// `timestamptz`.
    public static var elementType: UInt32 { OID.timestamptz }
    /// Eight bytes.
    public var binary: [UInt8]? { networkOrder(microseconds - Self.epoch) }

    /// Reads a `timestamptz` or `timestamp`.
    public init(from cell: Cell) throws {
        let bytes = try cell.bytes(of: [OID.timestamptz, OID.timestamp], as: "timestamptz")
        microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)) + Self.epoch
    }

    /// Earlier is less.
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.microseconds < b.microseconds }
}

/// A `date`: days since 1970-01-01.
public struct Day: Sendable, Hashable, Comparable, Codable, PostgresElement, PostgresDecodable {
    /// Days since 1970-01-01.
    public var days: Int32

    /// Creates a day.
    public init(days: Int32) { self.days = days }

    private static let epoch: Int32 = 10957

    /// `date`.
    public static var elementType: UInt32 { OID.date }
    /// Four bytes.
    public var binary: [UInt8]? { networkOrder(days - Self.epoch) }

    /// Reads a `date`.
    public init(from cell: Cell) throws {
        let bytes = try cell.bytes(of: [OID.date], as: "date")
        days = Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)) + Self.epoch
    }

    /// Earlier is less.
    public static func < (a: Day, b: Day) -> Bool { a.days < b.days }
}
