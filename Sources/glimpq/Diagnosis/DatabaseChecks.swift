import FoundationEssentials
import Migrations
import Postgres
import Queue
import Worker

/// Checks of the database.
struct DatabaseChecks {
    /// How to connect.
    let options: ConnectionOptions
    /// From where on there is a fault.
    var limits = DiagnosisLimits()

    private typealias Check = (name: String, run: (Connection) async throws -> [Finding])

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
        let reader = QueueReader(options, logger: SharedOptions.quietLogger)
        let checks: [Check] = [
            ("database", server), ("roles", RoleChecks.run),
            ("durability", DurabilityChecks.run),
            ("connections", ServerChecks(reader: reader, limits: limits).run),
            ("clock", clock),
            ("snapshots", SnapshotChecks(limits: limits).run),
            ("autovacuum", VacuumChecks(reader: reader, limits: limits).run),
            ("indexes", IndexChecks(limits: limits).run),
            ("traces", { _ in try await TraceChecks.run(reader) }),
            ("fleet", FleetChecks(limits: limits).run),
            ("queue", { _ in try await health(reader) }),
        ]
        var findings: [Finding] = []
        for check in checks {
            do {
                findings += try await check.run(connection)
            } catch let error as PostgresError where error.sqlState == "42501" {
                findings.append(
                    Finding(
                        check.name, .warning, "this user may not look at it",
                        remedy: "run doctor as a member of glimpq_admin or glimpq_analyst"))
            } catch {
                findings.append(Finding(check.name, .broken, Ending(of: error).sentence))
            }
            if findings.contains(where: { $0.name == "schema" && $0.grade == .broken }) { break }
        }
        await reader.close()
        await connection.close()
        return findings
    }

    private func server(_ connection: Connection) async throws -> [Finding] {
        let row = try await connection.query(
            """
            SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
                current_database()::text, pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'
            """
        ).one()
        let version: String = try row.get(0)
        let number: Int = try row.get(1)
        let database: String = try row.get(3)
        let user: String = try row.get(2)
        var findings = [
            Finding("database", "\(database) as \(user)"),
            number >= 150_000
                ? Finding("database version", "PostgreSQL \(version)")
                : Finding(
                    "database version", .broken, "PostgreSQL \(version)", remedy: "upgrade to PostgreSQL 15 or later"),
        ]
        if try row.get(4, as: Bool.self) {
            findings.append(
                Finding(
                    "database writes", .warning, "the server is a standby",
                    remedy: "workers and producers must connect to the primary; here only analyses run"))
        } else if try row.get(5, as: Bool.self) {
            findings.append(
                Finding(
                    "database writes", .warning, "transactions are read-only",
                    remedy:
                        "see default_transaction_read_only of the role \(user), the database \(database) and the server"
                ))
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

    private func clock(_ connection: Connection) async throws -> [Finding] {
        let before = Date().timeIntervalSince1970
        let server: Timestamp = try await connection.query("SELECT clock_timestamp()").one().get(0)
        let after = Date().timeIntervalSince1970
        let difference = server.seconds - (before + after) / 2
        let found = "differs by \(Figures.fixed(abs(difference) * 1000, 1)) ms from the server's"
        let limit = "\(Figures.fixed(limits.clockSeconds, 0)) s"
        return [
            abs(difference) > limits.clockSeconds
                ? Finding(
                    "clock", .warning, found, limit: limit,
                    remedy: "nothing depends on it but log times; synchronise it with NTP to compare logs")
                : Finding("clock", found, limit: limit)
        ]
    }

    /// What the database's own view of queue and fleet has to say; only warnings, as the queue goes on. What is looked
    /// at more closely elsewhere is left out.
    private func health(_ reader: QueueReader) async throws -> [Finding] {
        let known = [
            "dead rows in job", "oldest snapshot", "trace rows in the default partition", "trace partition of tomorrow",
        ]
        return try await reader.health().filter { !known.contains($0.name) }.map { check in
            check.isFine
                ? Finding(check.name, check.value) : Finding(check.name, .warning, check.value, remedy: check.advice)
        }
    }
}
