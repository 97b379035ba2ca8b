internal import FoundationEssentials

/// A finished result that the database has not acknowledged yet, with the rows of its trace that its own attempt wrote:
/// all that is needed to deliver it later, from another process.
public struct SpooledResult: Sendable, Hashable, Codable {
    /// The database that it belongs to (``RegisteredWorker/databaseID``).
    public var database: String
    /// The result.
    public var result: FinishedJob
    /// The rows of its trace under its epoch.
    public var rows: [TraceRow]

    /// Creates an entry.
    public init(database: String, result: FinishedJob, rows: [TraceRow]) {
        self.database = database
        self.result = result
        self.rows = rows
    }

    private static let magic = "glimpq-spool 1"

    /// One line with the length and the checksum of what follows, then the values as JSON.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let body = [UInt8](try encoder.encode(self))
        return Array("\(Self.magic) \(body.count) \(Checksum.of(body))\n".utf8) + body
    }

    /// Reads what ``encoded()`` wrote.
    ///
    /// - Throws: ``SpoolFault`` that says what is wrong.
    init(decoding bytes: [UInt8]) throws(SpoolFault) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { throw SpoolFault("it has no first line") }
        let head = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard head.count == 4, head[...1].joined(separator: " ") == Self.magic, let length = Int(head[2]) else {
            throw SpoolFault("its first line is not \"\(Self.magic) LENGTH CHECKSUM\"")
        }
        let body = Array(bytes[(end + 1)...])
        guard body.count == length else { throw SpoolFault("it has \(body.count) bytes instead of \(length)") }
        guard Checksum.of(body) == head[3] else { throw SpoolFault("its checksum is wrong") }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            self = try decoder.decode(SpooledResult.self, from: Data(body))
        } catch {
            throw SpoolFault("its values cannot be read: \(error)")
        }
    }

    /// A name that no other result has.
    var fileName: String { "\(Checksum.of(Array(database.utf8)))-\(result.job)-\(result.epoch).result" }
}

/// Why a file of the spool cannot be used.
public struct SpoolFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with it.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// FNV-1a, 64 bits: finds torn and damaged files, not forged ones.
enum Checksum {
    /// Sixteen hexadecimal digits.
    static func of(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
