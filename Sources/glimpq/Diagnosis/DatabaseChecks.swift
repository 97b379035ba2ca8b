import FoundationEssentials
import Migrations
import Postgres
import Queue
import Worker

/// Checks of the database.
struct DatabaseChecks {
    /// How to connect.
    let options: ConnectionOptions

    /// Everything, as far as it can be reached.
    func run() async -> [Finding] {
        let connection: Connection
        do {
            connection = try await Connection.connect(options)
        } catch {
            return [
                Finding(
                    "database", .broken, Ending(of: error).sentence,
                    remedy: "start the server, or name another with --database or GLIMPQ_DATABASE_URL")
            ]
        }
        var findings: [Finding] = []
        for check in [server, roles, settings, clock, health] {
            do {
                findings += try await check(connection)
            } catch {
                findings.append(Finding("database", .broken, Ending(of: error).sentence))
            }
            if findings.contains(where: { $0.name == "schema" && $0.grade == .broken }) { break }
        }
        await connection.close()
        return findings
    }

    private func server(_ connection: Connection) async throws -> [Finding] {
        let row = try await connection.query(
            """
            SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
                current_database()::text, pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'
            """
        ).one()
        let version: String = try row.get(0)
        let number: Int = try row.get(1)
        var findings = [
            Finding("database", "\(try row.get(3, as: String.self)) as \(try row.get(2, as: String.self))"),
            number >= 150_000
                ? Finding("database version", "PostgreSQL \(version)")
                : Finding(
                    "database version", .broken, "PostgreSQL \(version)", remedy: "upgrade to PostgreSQL 15 or later"),
        ]
        if try row.get(4, as: Bool.self) {
            findings.append(
                Finding(
                    "database writes", .warning, "the session is read-only",
                    remedy: "connect to the primary as a user who may write, unless only analyses run here"))
        }
        let plan = try await Migrator(
            options, toolVersion: Product.version, logger: SharedOptions.quietLogger
        ).status()
        findings.append(Self.schema(plan))
        return findings
    }

    /// How the schema stands to what this program needs.
    static func schema(_ plan: MigrationPlan) -> Finding {
        if plan.applied.isEmpty { return Finding("schema", .broken, "there is none", remedy: "run: glimpq migrate") }
        if let changed = plan.diverged.first {
            return Finding(
                "schema", .broken, "migration \(changed.file) was applied with other text",
                remedy: "use the program that migrated this database")
        }
        if !plan.pending.isEmpty {
            return Finding(
                "schema", .broken, "version \(plan.version), \(plan.pending.count) migrations are pending",
                remedy: "run: glimpq migrate")
        }
        if !plan.unknown.isEmpty {
            return Finding(
                "schema", .broken, "version \(plan.version) is of a newer program", remedy: "use that program")
        }
        return Finding("schema", "version \(plan.version)")
    }

    private func roles(_ connection: Connection) async throws -> [Finding] {
        let names = ["glimpq_producer", "glimpq_worker", "glimpq_analyst", "glimpq_admin"]
        let held = try await connection.query(
            "SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1) AND pg_has_role(oid, 'USAGE') ORDER BY 1",
            [names]
        ).map { try $0.get(0, as: String.self) }
        guard held.isEmpty else { return [Finding("roles", held.joined(separator: ", "))] }
        return [
            Finding(
                "roles", .broken, "the database user has none of ours",
                remedy: "as an administrator: GRANT glimpq_worker TO some_user (or producer, analyst, admin)")
        ]
    }

    private func settings(_ connection: Connection) async throws -> [Finding] {
        let row = try await connection.query(
            """
            SELECT current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on',
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
                count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
            """
        ).one()
        let limit: Int = try row.get(1)
        let used: Int = try row.get(2)
        let found = "\(used) of \(limit) in use (a worker takes 3)"
        return [
            try row.get(0)
                ? Finding("autovacuum", "on")
                : Finding(
                    "autovacuum", .broken, "off: claims get slower and slower",
                    remedy: "set autovacuum and track_counts to on"),
            limit - used < 8
                ? Finding("connections", .warning, found, remedy: "raise max_connections, or put a pooler in front")
                : Finding("connections", found),
        ]
    }

    private func clock(_ connection: Connection) async throws -> [Finding] {
        let before = Date().timeIntervalSince1970
        let server: Timestamp = try await connection.query("SELECT clock_timestamp()").one().get(0)
        let after = Date().timeIntervalSince1970
        let difference = server.seconds - (before + after) / 2
        let found = "differs by \(Figures.fixed(abs(difference) * 1000, 1)) ms from the server's"
        return [
            abs(difference) > 5
                ? Finding(
                    "clock", .warning, found,
                    remedy: "nothing depends on it but log times; synchronise it with NTP to compare logs")
                : Finding("clock", found)
        ]
    }

    /// What the database's own view of queue and fleet has to say; only warnings, as the queue goes on.
    private func health(_ connection: Connection) async throws -> [Finding] {
        let reader = QueueReader(options, logger: SharedOptions.quietLogger)
        let checks = try await reader.health()
        await reader.close()
        return checks.map { check in
            check.isFine
                ? Finding(check.name, check.value) : Finding(check.name, .warning, check.value, remedy: check.advice)
        }
    }
}
