import Postgres

/// Checks of what survives a crash of the server.
enum DurabilityChecks {
    static func run(_ connection: Connection) async throws -> [Finding] {
        let row = try await connection.query(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
                current_setting('synchronous_standby_names')
            """
        ).one()
        let commit: String = try row.get(2)
        var findings: [Finding] = []
        for (index, name) in ["fsync", "full_page_writes"].enumerated() where try row.get(index) == "off" {
            findings.append(
                Finding(
                    name, .broken, "off: a power cut can destroy the whole database",
                    remedy: "ALTER SYSTEM SET \(name) = on; SELECT pg_reload_conf()"))
        }
        if commit == "off" {
            findings.append(
                Finding(
                    "synchronous_commit", .warning,
                    "off: a crash of the server can lose results that were acknowledged; their jobs run again",
                    remedy:
                        "turn it on for the role of the workers: ALTER ROLE some_worker SET synchronous_commit = on "
                        + "(traces are written without it by themselves)"))
        }
        if findings.isEmpty {
            let standbys: String = try row.get(3)
            findings.append(
                Finding(
                    "durability",
                    "fsync on, synchronous_commit \(commit), "
                        + (standbys.isEmpty
                            ? "no synchronous standby: a failover can lose the last results, whose jobs run again"
                            : "synchronous standbys \(standbys)")))
        }
        return findings
    }
}
