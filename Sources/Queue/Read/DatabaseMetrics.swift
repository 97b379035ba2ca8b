public import Postgres

/// Jobs of a queue in a state.
public struct QueueStateMetric: Sendable, Hashable {
    /// Name of the queue.
    public var queue: String
    /// `ready`, `suspect` (ready, to run alone), `running` or `delayed`.
    public var state: String
    /// How many.
    public var jobs: Int
    /// Whether the number is the planner's estimate, because there are very many.
    public var isEstimated: Bool
    /// Age of the oldest, in seconds; of delayed jobs since they were due, negative before.
    public var oldestSeconds: Double?
    /// Whether claims from the queue are stopped.
    public var isPaused: Bool
}

/// Workers of a state and a version.
public struct FleetMetric: Sendable, Hashable {
    /// `live`, `draining`, `expired`, or of the last hour `lost` and `gone`.
    public var state: String
    /// The program's version.
    public var version: String
    /// How many.
    public var workers: Int
    /// How many jobs they can have in flight.
    public var capacity: Int
    /// How many they say they have.
    public var inFlight: Int
    /// How long ago the one that was heard least lately was heard.
    public var oldestBeatSeconds: Double?
}

/// Jobs of a batch in a state.
public struct BatchMetric: Sendable, Hashable {
    /// Name of the batch.
    public var batch: String
    /// State of a job.
    public var state: String
    /// How many.
    public var jobs: Int
}

/// Rows, size and vacuum of a table; of the trace partitions together.
public struct StorageMetric: Sendable, Hashable {
    /// Name of the table; `step` stands for all daily partitions.
    public var table: String
    /// Rows.
    public var live: Double
    /// Rows that vacuum has to remove.
    public var dead: Double
    /// Size of the rows' pages.
    public var heapBytes: Int
    /// Size of the indexes.
    public var indexBytes: Int
    /// Everything, out-of-line values included.
    public var totalBytes: Int
    /// What the rows would take without bloat; `nil` without statistics.
    public var expectedBytes: Double?
    /// Time since the latest vacuum of any kind; `nil` if there was none.
    public var vacuumedSeconds: Double?
    /// Time since the latest analyze of any kind; `nil` if there was none.
    public var analyzedSeconds: Double?
    /// Whether autovacuum is on for the table.
    public var hasAutovacuum: Bool
    /// Age of its oldest unfrozen transaction.
    public var frozenAge: Int
}

/// What lies in trace partitions.
public struct TraceHealth: Sendable, Hashable {
    /// Days ahead that have a partition; −1 if not even today has one.
    public var daysAhead: Int
    /// Daily partitions.
    public var partitions: Int
    /// Rows in the default partition, counted up to 100,000.
    public var defaultRows: Int
    /// Some of their days.
    public var defaultDays: [Day]
}

/// The server as it matters to the queue.
public struct ServerMetric: Sendable, Hashable {
    /// Sessions of clients.
    public var connections: Int
    /// How many an ordinary user can have.
    public var maximumConnections: Int
    /// Age of the oldest unfrozen transaction of the database.
    public var frozenAge: Int
    /// Size of the database.
    public var databaseBytes: Int
    /// Age of the oldest snapshot.
    public var oldestSnapshotSeconds: Double
    /// The same in transactions, replication slots included.
    public var oldestSnapshotTransactions: Int
    /// Whether sessions of other users can be looked into.
    public var seesAllSessions: Bool
}

extension QueueReader {
    /// Jobs by queue and state; bounded work.
    ///
    /// - Throws: `PostgresError`.
    public func queueMetrics() async throws -> [QueueStateMetric] {
        try await rows("SELECT * FROM glimpq.queue_metrics_v1()").map { row in
            QueueStateMetric(
                queue: try row.get("queue"), state: try row.get("state"), jobs: try row.get("jobs"),
                isEstimated: try row.get("estimated"), oldestSeconds: try row.get("oldest_seconds"),
                isPaused: try row.get("paused"))
        }
    }

    /// Workers by state and version.
    ///
    /// - Throws: `PostgresError`.
    public func fleetMetrics() async throws -> [FleetMetric] {
        try await rows("SELECT * FROM glimpq.fleet_metrics_v1()").map { row in
            FleetMetric(
                state: try row.get("state"), version: try row.get("version"), workers: try row.get("workers"),
                capacity: try row.get("capacity"), inFlight: try row.get("in_flight"),
                oldestBeatSeconds: try row.get("oldest_beat_seconds"))
        }
    }

    /// Jobs by state of the newest batches that are not finished.
    ///
    /// - Throws: `PostgresError`.
    public func batchMetrics() async throws -> [BatchMetric] {
        try await rows("SELECT * FROM glimpq.batch_metrics_v1()").map { row in
            BatchMetric(batch: try row.get("batch"), state: try row.get("state"), jobs: try row.get("jobs"))
        }
    }

    /// Tables by size, the largest first.
    ///
    /// - Throws: `PostgresError`.
    public func storageMetrics() async throws -> [StorageMetric] {
        try await rows("SELECT * FROM glimpq.storage_metrics_v1() ORDER BY total_bytes DESC, relation").map { row in
            StorageMetric(
                table: try row.get("relation"), live: try row.get("live"), dead: try row.get("dead"),
                heapBytes: try row.get("heap_bytes"), indexBytes: try row.get("index_bytes"),
                totalBytes: try row.get("total_bytes"), expectedBytes: try row.get("expected_bytes"),
                vacuumedSeconds: try row.get("vacuumed_seconds"), analyzedSeconds: try row.get("analyzed_seconds"),
                hasAutovacuum: try row.get("autovacuum"), frozenAge: try row.get("frozen_age"))
        }
    }

    /// The trace partitions.
    ///
    /// - Throws: `PostgresError`.
    public func traceHealth() async throws -> TraceHealth {
        let row = try await rows("SELECT * FROM glimpq.trace_health_v1()").one()
        return TraceHealth(
            daysAhead: try row.get("days_ahead"), partitions: try row.get("partitions"),
            defaultRows: try row.get("default_rows"), defaultDays: try row.get("default_days", as: [Day]?.self) ?? [])
    }

    /// The server.
    ///
    /// - Throws: `PostgresError`.
    public func serverMetric() async throws -> ServerMetric {
        let row = try await rows("SELECT * FROM glimpq.server_metrics_v1()").one()
        return ServerMetric(
            connections: try row.get("connections"), maximumConnections: try row.get("max_connections"),
            frozenAge: try row.get("frozen_age"), databaseBytes: try row.get("database_bytes"),
            oldestSnapshotSeconds: try row.get("oldest_snapshot_seconds"),
            oldestSnapshotTransactions: try row.get("oldest_xmin_age"),
            seesAllSessions: try row.get("sees_all_sessions"))
    }
}
