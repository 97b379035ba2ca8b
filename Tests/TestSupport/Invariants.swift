import Foundation
public import Postgres
import Testing

/// What must hold in a glimpq database at any time when no statement is under way: `Ops/lib/invariants.sql`, which
/// people run as well.
public enum Invariants {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Ops/lib/invariants.sql")

    /// Reports violations as an issue of the running test.
    public static func check(_ connection: Connection) async throws {
        let script = try String(contentsOf: file, encoding: .utf8)
        do {
            try await connection.run(script: script)
        } catch let error as PostgresError where error.sqlState == "GQ900" {
            Issue.record("invariants violated:\n\(error.message?.message ?? error.description)")
        }
    }
}
