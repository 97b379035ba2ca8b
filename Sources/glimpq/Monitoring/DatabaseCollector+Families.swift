import Metrics
import Queue

/// The metrics of the database by part.
extension DatabaseCollector {
    static func queues(_ values: [QueueStateMetric]) -> [MetricFamily] {
        var jobs = MetricFamily(
            .gauge, "glimpq_queue_jobs",
            "Jobs by queue and state: ready, suspect (to run alone), running, delayed; large numbers are estimates.")
        var estimated = MetricFamily(
            .gauge, "glimpq_queue_jobs_estimated", "1 if glimpq_queue_jobs is the planner's estimate.")
        var oldest = MetricFamily(
            .gauge, "glimpq_queue_oldest_seconds",
            "Age of the oldest job by queue and state; of delayed jobs since they were due, negative before.")
        var paused = MetricFamily(.gauge, "glimpq_queue_paused", "1 if claims from the queue are stopped.")
        for value in values {
            let labels = (MetricFamily.Label("queue", value.queue), MetricFamily.Label("state", value.state))
            jobs.add(Double(value.jobs), labels.0, labels.1)
            estimated.add(value.isEstimated ? 1 : 0, labels.0, labels.1)
            oldest.add(value.oldestSeconds, labels.0, labels.1)
            if value.state == "ready" { paused.add(value.isPaused ? 1 : 0, labels.0) }
        }
        return [jobs, estimated, oldest, paused]
    }

    static func workers(_ values: [FleetMetric]) -> [MetricFamily] {
        var workers = MetricFamily(
            .gauge, "glimpq_workers",
            "Workers by state and version: live, draining, expired, and those lost or gone within the last hour.")
        for state in ["live", "draining", "expired", "lost", "gone"]
        where !values.contains(where: { $0.state == state }) {
            workers.add(0, .init("state", state), .init("version", ""))
        }
        for value in values {
            workers.add(Double(value.workers), .init("state", value.state), .init("version", value.version))
        }
        let holding = values.filter { ["live", "draining"].contains($0.state) }
        var beat = MetricFamily(
            .gauge, "glimpq_fleet_oldest_beat_seconds", "Time since the beat of the worker that was heard least lately."
        )
        beat.add(holding.compactMap(\.oldestBeatSeconds).max())
        return [
            workers, beat,
            MetricFamily(
                .gauge, "glimpq_fleet_slots", "Jobs that live workers can have in flight.",
                Double(values.filter { $0.state == "live" }.reduce(0) { $0 + $1.capacity })),
            MetricFamily(
                .gauge, "glimpq_fleet_jobs_in_flight", "Jobs that workers say they have in flight.",
                Double(holding.reduce(0) { $0 + $1.inFlight })),
        ]
    }

    static func batches(_ values: [BatchMetric]) -> [MetricFamily] {
        var jobs = MetricFamily(
            .gauge, "glimpq_batch_jobs", "Jobs by batch and state, of the newest 20 batches that are not finished.")
        for value in values {
            jobs.add(Double(value.jobs), .init("batch", value.batch), .init("state", value.state))
        }
        return [jobs]
    }

    static func tables(_ values: [StorageMetric]) -> [MetricFamily] {
        var live = MetricFamily(.gauge, "glimpq_table_live_rows", "Rows; step stands for all trace partitions.")
        var dead = MetricFamily(.gauge, "glimpq_table_dead_rows", "Rows that vacuum has to remove.")
        var size = MetricFamily(.gauge, "glimpq_table_size_bytes", "Size by part: heap, indexes, total.")
        var expected = MetricFamily(
            .gauge, "glimpq_table_expected_bytes", "What the rows of the heap would take without bloat, estimated.")
        var vacuumed = MetricFamily(
            .gauge, "glimpq_table_vacuum_age_seconds", "Time since the latest vacuum; none if there was none.")
        var analyzed = MetricFamily(
            .gauge, "glimpq_table_analyze_age_seconds", "Time since the latest analyze; none if there was none.")
        var frozen = MetricFamily(
            .gauge, "glimpq_table_frozen_age_transactions", "Age of the oldest unfrozen transaction.")
        for value in values {
            let table = MetricFamily.Label("table", value.table)
            live.add(value.live, table)
            dead.add(value.dead, table)
            size.add(Double(value.heapBytes), table, .init("part", "heap"))
            size.add(Double(value.indexBytes), table, .init("part", "indexes"))
            size.add(Double(value.totalBytes), table, .init("part", "total"))
            expected.add(value.expectedBytes, table)
            vacuumed.add(value.vacuumedSeconds, table)
            analyzed.add(value.analyzedSeconds, table)
            frozen.add(Double(value.frozenAge), table)
        }
        return [live, dead, size, expected, vacuumed, analyzed, frozen]
    }

    static func traces(_ value: TraceHealth) -> [MetricFamily] {
        [
            MetricFamily(
                .gauge, "glimpq_trace_partitions_ahead",
                "Trace partitions of days to come; -1 if not even today has one.",
                Double(value.daysAhead)),
            MetricFamily(.gauge, "glimpq_trace_partitions", "Daily trace partitions.", Double(value.partitions)),
            MetricFamily(
                .gauge, "glimpq_trace_default_rows", "Rows in the default partition, counted up to 100000.",
                Double(value.defaultRows)),
        ]
    }

    static func server(_ value: ServerMetric) -> [MetricFamily] {
        [
            MetricFamily(
                .gauge, "glimpq_server_connections", "Client sessions of the server.", Double(value.connections)),
            MetricFamily(
                .gauge, "glimpq_server_max_connections", "Sessions that ordinary users can have.",
                Double(value.maximumConnections)),
            MetricFamily(
                .gauge, "glimpq_database_frozen_age_transactions", "Age of the database's oldest unfrozen transaction.",
                Double(value.frozenAge)),
            MetricFamily(
                .gauge, "glimpq_database_size_bytes", "Size of the database.", Double(value.databaseBytes)),
            MetricFamily(
                .gauge, "glimpq_oldest_snapshot_seconds", "Age of the oldest transaction that holds a snapshot.",
                value.oldestSnapshotSeconds),
            MetricFamily(
                .gauge, "glimpq_oldest_snapshot_transactions",
                "Transactions since the oldest snapshot, those of replication slots and standbys included.",
                Double(value.oldestSnapshotTransactions)),
            MetricFamily(
                .gauge, "glimpq_sees_all_sessions",
                "1 if snapshots of other users can be seen (the schema's owner has pg_read_all_stats).",
                value.seesAllSessions ? 1 : 0),
        ]
    }
}
