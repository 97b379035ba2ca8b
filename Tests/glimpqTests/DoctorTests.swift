import Foundation
import Postgres
import TestSupport
import Testing

@testable import glimpq

/// Each fault is made for real on a database of its own, and named.
@Suite struct DoctorTests {
    private struct Patient {
        let database: TestDatabase
        let sql: Connection

        func findings(_ change: (inout DiagnosisLimits) -> Void = { _ in }, as role: String? = nil) async throws
            -> [Finding]
        {
            var limits = DiagnosisLimits()
            change(&limits)
            var options = database.options
            if let role { options = try await database.options(memberOf: role) }
            return await DatabaseChecks(options: options, limits: limits).run()
        }

        func finding(_ name: String, _ change: (inout DiagnosisLimits) -> Void = { _ in }) async throws -> Finding? {
            try await findings(change).first { $0.name == name }
        }
    }

    private func run(_ body: (Patient) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let patient = Patient(database: database, sql: try await database.connect())
            try await body(patient)
            await patient.sql.close()
        }
    }

    @Test func aFreshDatabaseIsWell() async throws {
        try await run { patient in
            let findings = try await patient.findings(as: "glimpq_admin")
            #expect(findings.filter { $0.grade == .broken } == [])
            // There are no workers; and other tests may keep all of the server's autovacuum processes busy.
            let expected: Set = ["live workers", "autovacuum"]
            #expect(Set(findings.filter { $0.grade == .warning }.map(\.name)).subtracting(expected) == [])
            #expect(findings.first { $0.name == "roles" }?.found == "glimpq_admin")
        }
    }

    @Test func aForgottenTransactionIsNamedWithItsUserAndApplication() async throws {
        try await run { patient in
            var options = patient.database.options
            options.applicationName = "forgetful report"
            let holder = try await Connection.connect(options)
            try await holder.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM glimpq.job")
            let pid = await holder.backendID
            let finding = try #require(await patient.finding("held snapshot") { $0.snapshotSeconds = 0 })
            #expect(finding.grade == .warning)
            #expect(finding.found.contains("process \(pid) ("))
            #expect(finding.found.contains("application forgetful report"))
            #expect(finding.found.contains("idle in transaction"))
            #expect(finding.remedy?.contains("pg_terminate_backend(\(pid))") == true)
            #expect(finding.limit != nil)
            // An hour later it is no mere warning.
            let worse = try await patient.finding("held snapshot") {
                $0.snapshotSeconds = 0
                $0.snapshotBrokenSeconds = 0
            }
            #expect(worse?.grade == .broken)
            await holder.close()
            #expect(try await patient.finding("held snapshot") { $0.snapshotSeconds = 0 } == nil)
        }
    }

    /// Standbys, slots and prepared transactions need another server; what is said about them does not.
    @Test(arguments: [
        ("standby", "streaming", "hot_standby_feedback = off"),
        ("replication slot", "inactive", "pg_drop_replication_slot('r')"),
        ("replication slot", "active", "pg_stat_replication"),
        ("prepared transaction", "prepared", "ROLLBACK PREPARED 'gid'"),
        ("session", "active", "pg_cancel_backend(7)"),
    ])
    func everyKindOfHolderHasItsRemedy(kind: String, state: String, remedy: String) throws {
        let holder = SnapshotChecks.Holder(
            kind: kind, processID: kind == "session" ? 7 : nil, name: "r", application: "gid", state: state,
            seconds: 90,
            transactions: 1_000_000)
        let finding = try #require(SnapshotChecks(limits: DiagnosisLimits()).fault(holder))
        #expect(finding.found.contains(kind))
        #expect(finding.remedy?.contains(remedy) == true)
    }

    @Test func autovacuumSwitchedOffForATable() async throws {
        try await run { patient in
            try await patient.sql.run(script: "ALTER TABLE glimpq.job SET (autovacuum_enabled = off)")
            let finding = try #require(await patient.finding("autovacuum of job"))
            #expect(finding.grade == .broken)
            #expect(finding.remedy == "ALTER TABLE glimpq.job RESET (autovacuum_enabled)")
            try await patient.sql.run(
                script: "ALTER TABLE glimpq.job RESET (autovacuum_enabled, autovacuum_vacuum_scale_factor)")
            let changed = try #require(await patient.finding("autovacuum of job"))
            #expect(changed.grade == .warning)
            #expect(changed.found.contains("autovacuum_vacuum_scale_factor"))
        }
    }

    @Test func deadRowsAndBloatOfTableAndIndex() async throws {
        try await run { patient in
            try await patient.sql.run(
                script: """
                    ALTER TABLE glimpq.job SET (autovacuum_enabled = off);
                    INSERT INTO glimpq.job (prompt) SELECT repeat('x', 200) || n FROM generate_series(1, 20000) n;
                    DELETE FROM glimpq.job WHERE id > 100;
                    """)
            try await patient.sql.run(script: "ANALYZE glimpq.job")
            let limits: (inout DiagnosisLimits) -> Void = {
                $0.deadRows = 1000
                $0.bloatBytes = 1_000_000
                $0.rowsWithoutStatistics = 1e9
            }
            // Counters reach the statistics a moment after the transaction.
            var dead: Finding?
            for _ in 0..<50 where dead == nil {
                dead = try await patient.finding("dead rows in job", limits)
                if dead == nil { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(dead?.found.contains("never vacuumed") == true)
            #expect(dead?.remedy?.contains("switch autovacuum on again") == true)
            #expect(try await patient.finding("bloat of job", limits)?.remedy?.contains("VACUUM FULL") == true)
            // The index still has room for all of them.
            try await patient.sql.run(script: "VACUUM glimpq.job")
            let index = try await patient.finding("bloat of index job_pkey") { $0.bloatBytes = 100_000 }
            #expect(index?.remedy == "REINDEX INDEX CONCURRENTLY glimpq.job_pkey")
        }
    }

    @Test func aSnapshotIsTheReasonOfDeadRows() async throws {
        try await run { patient in
            try await patient.sql.run(
                script: "INSERT INTO glimpq.job (prompt) SELECT 'p' FROM generate_series(1, 3000)")
            let holder = try await patient.database.connect()
            try await holder.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            try await patient.sql.run(script: "DELETE FROM glimpq.job")
            var dead: Finding?
            for _ in 0..<50 where dead == nil {
                dead = try await patient.finding("dead rows in job") {
                    $0.deadRows = 100
                    $0.snapshotSeconds = 0
                }
                if dead == nil { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(dead?.remedy?.contains("keeps them alive: end its holder") == true)
            await holder.close()
        }
    }

    @Test func anOldWorkerBesideNewOnes() async throws {
        try await run { patient in
            try await patient.sql.run(
                script: """
                    INSERT INTO glimpq.worker (host, pid, version, capacity, queues, pairs, lease_until) VALUES
                        ('old.example', 17, '0.0.9', 4, '{default}', '{demo}', now() + interval '30 seconds'),
                        ('new.example', 18, '99.1.0', 4, '{default}', '{demo}', now() + interval '30 seconds');
                    """)
            let finding = try #require(await patient.finding("worker versions"))
            #expect(finding.grade == .warning)
            #expect(finding.found.contains("1 on old.example:17 (0.0.9"))
            #expect(!finding.found.contains("new.example"))
            #expect(finding.limit == "99.1.0")
        }
    }

    @Test func versionsCompareByNumbers() {
        #expect(FleetChecks.isOlder("0.9.0", "0.10.0"))
        #expect(!FleetChecks.isOlder("1.0.0", "1.0.0"))
        #expect(!FleetChecks.isOlder("2.0.0", "1.9.9"))
    }

    @Test func lateBeatsAndAClockThatWasSetBack() async throws {
        try await run { patient in
            try await patient.sql.run(
                script: """
                    INSERT INTO glimpq.worker (host, pid, version, capacity, queues, pairs, lease_until, beat_at)
                    VALUES ('slow.example', 17, '0.1.0', 4, '{default}', '{demo}', now() + interval '30 seconds',
                        now() - interval '20 seconds');
                    """)
            #expect(try await patient.finding("worker beats")?.found.contains("slow.example:17") == true)
            try await patient.sql.query("UPDATE glimpq.worker SET beat_at = now() + interval '1 hour'")
            #expect(try await patient.finding("database clock")?.grade == .broken)
            #expect(try await patient.finding("clock") { $0.clockSeconds = -1 }?.grade == .warning)
        }
    }

    @Test func missingPartitionsAndRowsInTheDefaultOne() async throws {
        try await run { patient in
            try await patient.sql.run(
                script: """
                    INSERT INTO glimpq.step (job_id, epoch, seq, day, kind, owner, model, text, token_ids)
                    VALUES (1, 1, 0, '2026-01-02', 'thinking', 'slm', 'm', 't', '{}');
                    SELECT glimpq.drop_step_partitions((now() AT TIME ZONE 'UTC')::date + 30);
                    """)
            let partitions = try #require(await patient.finding("trace partitions"))
            #expect(partitions.grade == .broken)
            #expect(partitions.remedy?.contains("create_step_partitions()") == true)
            let rows = try #require(await patient.finding("default trace partition"))
            #expect(rows.found.contains("2026-01-02"))
            let remedy = try #require(rows.remedy?.split(separator: ";").first?.split(separator: " as ").first)
            try await patient.sql.query(String(remedy))  // the remedy cures
            #expect(try await patient.finding("default trace partition")?.grade == .ok)
        }
    }

    @Test func anInvalidIndex() async throws {
        try await run { patient in
            try await patient.sql.run(script: "INSERT INTO glimpq.job (prompt) VALUES ('a'), ('a')")
            // Breaks off and leaves its index behind, invalid.
            _ = try? await patient.sql.query("CREATE UNIQUE INDEX CONCURRENTLY job_twice ON glimpq.job (prompt)")
            let finding = try #require(await patient.finding("index job_twice"))
            #expect(finding.grade == .broken)
            #expect(finding.found.contains("invalid"))
        }
    }

    @Test func fewConnectionsAndOldTransactions() async throws {
        try await run { patient in
            let findings = try await patient.findings {
                $0.freeConnections = 100_000
                $0.frozenAge = 0
                $0.rowsWithoutStatistics = -1
            }
            func remedy(_ name: String) -> String? { findings.first { $0.name == name }?.remedy }
            #expect(remedy("connections")?.contains("PgBouncer") == true)
            #expect(remedy("wraparound")?.contains("VACUUM (FREEZE)") == true)
            #expect(remedy("statistics of job") == "ANALYZE glimpq.job")
        }
    }

    @Test func durabilityOfTheSession() async throws {
        try await run { patient in
            #expect(try await patient.finding("durability")?.grade == .ok)
            try await patient.sql.run(
                script:
                    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$"
            )
            #expect(try await patient.finding("synchronous_commit")?.grade == .warning)
            try await patient.sql.run(
                script:
                    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$"
            )
            #expect(try await patient.finding("database writes")?.found == "transactions are read-only")
            try await patient.sql.run(
                script: "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET ALL', current_database()); END $$")
        }
    }

    @Test func rightsAndOwners() async throws {
        try await run { patient in
            #expect(try await patient.finding("roles")?.found == "the database user is a superuser")
            try await patient.sql.run(
                script: """
                    GRANT EXECUTE ON FUNCTION glimpq.pause(text) TO PUBLIC;
                    CREATE TABLE glimpq.stray (id int);
                    """)
            #expect(try await patient.finding("rights")?.found.contains("glimpq.pause(text)") == true)
            #expect(try await patient.finding("owner")?.found.contains("stray") == true)
            // Whoever may see little is told so, instead of that things are broken.
            let findings = try await patient.findings(as: "glimpq_worker")
            #expect(findings.first { $0.name == "queue" }?.remedy?.contains("glimpq_admin or glimpq_analyst") == true)
            #expect(findings.filter { $0.grade == .broken }.map(\.name) == ["owner"])
        }
    }

    @Test func findingsAsJSON() throws {
        let finding = Finding("held snapshot", .warning, "f", limit: "60 s", remedy: "r")
        let object = try JSONSerialization.jsonObject(with: Data(finding.json.utf8)) as? [String: String]
        #expect(object == ["check": "held snapshot", "grade": "warning", "found": "f", "limit": "60 s", "remedy": "r"])
        #expect(finding.text(Palette(isOn: false)).contains("(limit: 60 s)"))
    }
}
