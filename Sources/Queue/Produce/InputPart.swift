internal import Postgres

/// A stretch of an input whose jobs are committed together, so that it is known later which lines are in.
public struct InputPart: Sendable, Hashable {
    /// Name of the input, at most 1000 characters.
    public var source: String
    /// Number of the stretch, from 0.
    public var number: Int
    /// What the command line said about lines that leave it out.
    public var settings: String
    /// A hash of each line, in order.
    public var hashes: [UInt64]

    /// Creates a stretch.
    public init(source: String, number: Int, settings: String, hashes: [UInt64]) {
        self.source = source
        self.number = number
        self.settings = settings
        self.hashes = hashes
    }

    /// The hashes as they are stored: eight bytes each, in network order.
    var stored: Bytea {
        Bytea(
            [UInt8](unsafeUninitializedCapacity: hashes.count * 8) { bytes, count in
                for (place, hash) in hashes.enumerated() {
                    UnsafeMutableRawBufferPointer(bytes).storeBytes(
                        of: hash.bigEndian, toByteOffset: place * 8, as: UInt64.self)
                }
                count = hashes.count * 8
            })
    }

    /// Reads stored hashes.
    static func hashes(_ stored: Bytea) -> [UInt64] {
        stored.bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
    }
}

extension JobInserter {
    /// What the batch has of an input.
    ///
    /// - Parameters:
    ///   - source: Name of the input.
    ///   - number: Number of the stretch, from 0.
    /// - Returns: `nil` if there is no such stretch.
    /// - Throws: `PostgresError`.
    public func storedPart(of source: String, number: Int) async throws -> InputPart? {
        let batchID = self.batchID
        let row = try await connection.run("read input", attempts: 3) { connection in
            try await connection.query(
                "SELECT settings, hashes FROM glimpq.batch_input WHERE batch_id = $1 AND source = $2 AND part = $3",
                [batchID, source, number]
            ).oneOrNone()
        }
        guard let row else { return nil }
        return InputPart(
            source: source, number: number, settings: try row.get("settings"),
            hashes: InputPart.hashes(try row.get("hashes")))
    }
}
