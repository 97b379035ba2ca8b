import Postgres
import Queue

/// Checks of autovacuum and of what it has left behind.
struct VacuumChecks {
    let reader: QueueReader
    let limits: DiagnosisLimits

    /// What stands in the way of autovacuum.
    private struct Hindrances {
        var isOff: Bool
        var busyWorkers: Int
        var workers: Int
        var snapshotSeconds: Double
    }

    func run(_ connection: Connection) async throws -> [Finding] {
        let row = try await connection.query(
            """
            SELECT current_setting('autovacuum') = 'off' OR current_setting('track_counts') = 'off',
                current_setting('autovacuum_max_workers')::int,
                (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker')
            """
        ).one()
        let hindrances = Hindrances(
            isOff: try row.get(0), busyWorkers: try row.get(2), workers: try row.get(1),
            snapshotSeconds: try await reader.serverMetric().oldestSnapshotSeconds)
        let tables = try await reader.storageMetrics()
        var findings = [autovacuum(hindrances)] + tables.filter { !$0.hasAutovacuum }.map(disabled)
        findings += try await changedSettings(connection)
        findings += tables.compactMap { deadRows($0, hindrances) }
        findings += tables.compactMap(bloat) + tables.compactMap(statistics)
        if let largest = tables.first(where: { $0.table == "job" }) {
            findings.append(
                Finding(
                    "tables",
                    "job has \(Figures.grouped(Int(largest.live))) rows, \(Figures.grouped(Int(largest.dead))) dead, "
                        + "\(Figures.bytes(largest.totalBytes)) with indexes"))
        }
        return findings
    }

    private func autovacuum(_ hindrances: Hindrances) -> Finding {
        if hindrances.isOff {
            return Finding(
                "autovacuum", .broken, "off: claims get slower and slower",
                remedy: "ALTER SYSTEM SET autovacuum = on; ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf()")
        }
        let found = "on, \(hindrances.busyWorkers) of \(hindrances.workers) workers busy"
        guard hindrances.busyWorkers >= hindrances.workers else { return Finding("autovacuum", found) }
        return Finding(
            "autovacuum", .warning, "\(found): other tables wait for their turn",
            limit: "one free",
            remedy: "see pg_stat_progress_vacuum; if it is so for long, raise autovacuum_max_workers and "
                + "autovacuum_vacuum_cost_limit, or set autovacuum_vacuum_cost_delay to 0")
    }

    private func disabled(_ table: StorageMetric) -> Finding {
        Finding(
            "autovacuum of \(table.table)", .broken, "switched off for this table",
            remedy: table.table == "step"
                ? "for each partition that has it in pg_class.reloptions: ALTER TABLE glimpq.step_YYYYMMDD RESET (autovacuum_enabled)"
                : "ALTER TABLE glimpq.\(table.table) RESET (autovacuum_enabled)")
    }

    /// Settings of the table of jobs that are not those of the migrations.
    private func changedSettings(_ connection: Connection) async throws -> [Finding] {
        let shipped = ["autovacuum_vacuum_scale_factor=0.01", "autovacuum_vacuum_cost_delay=0"]
        let options = try await connection.query(
            "SELECT coalesce(reloptions, '{}') FROM pg_class WHERE oid = 'glimpq.job'::regclass"
        ).one().get(0, as: [String].self)
        let missing = shipped.filter { !options.contains($0) }
        guard !missing.isEmpty else { return [] }
        return [
            Finding(
                "autovacuum of job", .warning,
                "its settings were changed: \(missing.joined(separator: ", ")) is missing",
                remedy: "ALTER TABLE glimpq.job SET (\(missing.joined(separator: ", ")))")
        ]
    }

    private func deadRows(_ table: StorageMetric, _ hindrances: Hindrances) -> Finding? {
        let limit = max(limits.deadRows, table.live * limits.deadShare)
        guard table.dead > limit else { return nil }
        let vacuumed = table.vacuumedSeconds.map { "vacuumed \(Figures.duration($0)) ago" } ?? "never vacuumed"
        let name = "glimpq.\(table.table)"
        let remedy =
            if hindrances.snapshotSeconds > limits.snapshotSeconds {
                "a snapshot of \(Figures.duration(hindrances.snapshotSeconds)) keeps them alive: end its holder (see there) first, then VACUUM \(name)"
            } else if hindrances.isOff || !table.hasAutovacuum {
                "switch autovacuum on again (see there), then VACUUM \(name)"
            } else if hindrances.busyWorkers >= hindrances.workers {
                "autovacuum has no free worker: VACUUM \(name) by hand now"
            } else {
                "autovacuum should be at it (see pg_stat_progress_vacuum); if not, VACUUM \(name)"
            }
        return Finding(
            "dead rows in \(table.table)", .warning,
            "\(Figures.grouped(Int(table.dead))) dead beside \(Figures.grouped(Int(table.live))), \(vacuumed)",
            limit: Figures.grouped(Int(limit)), remedy: remedy)
    }

    private func bloat(_ table: StorageMetric) -> Finding? {
        guard let expected = table.expectedBytes, Double(table.heapBytes) > limits.bloatRatio * expected,
            Double(table.heapBytes) - expected > limits.bloatBytes
        else { return nil }
        return Finding(
            "bloat of \(table.table)", .warning,
            "\(Figures.bytes(table.heapBytes)) for rows that need about \(Figures.bytes(Int(expected)))",
            limit: "\(Figures.fixed(limits.bloatRatio, 1)) times and \(Figures.bytes(Int(limits.bloatBytes))) more",
            remedy: table.table == "step"
                ? "old partitions give it back when they are dropped (keep_traces_days); or VACUUM FULL a partition of a past day"
                : "new rows fill the space; to give it back now, stop the workers and VACUUM FULL glimpq.\(table.table), or use pg_repack"
        )
    }

    private func statistics(_ table: StorageMetric) -> Finding? {
        guard table.live > limits.rowsWithoutStatistics, table.analyzedSeconds == nil else { return nil }
        return Finding(
            "statistics of \(table.table)", .warning,
            "\(Figures.grouped(Int(table.live))) rows and never analyzed: plans are guesses",
            limit: Figures.grouped(Int(limits.rowsWithoutStatistics)), remedy: "ANALYZE glimpq.\(table.table)")
    }
}
