public import Postgres

/// What waits and runs in a queue.
public struct QueueDepth: Sendable, Hashable {
    /// Name of the queue.
    public var queue: String
    /// Whether claims are stopped.
    public var isPaused: Bool
    /// Jobs that can be claimed.
    public var ready: Int
    /// Jobs that wait for their time.
    public var delayed: Int
    /// Jobs in work.
    public var running: Int
    /// Jobs that are held back.
    public var held: Int
    /// Age of the oldest job that can be claimed.
    public var oldestReadySeconds: Double?
}

/// A worker process as people see it.
public struct WorkerStatus: Sendable, Hashable {
    /// Its number.
    public var id: Int64
    /// `live`, `draining`, `expired` (no renewal in time, not yet noticed), `lost` or `gone`.
    public var state: String
    /// Name of its machine.
    public var host: String
    /// Its process.
    public var processID: Int
    /// The program's version.
    public var version: String
    /// How many jobs it can have in flight.
    public var capacity: Int
    /// How many jobs it holds.
    public var running: Int
    /// Queues it claims from.
    public var queues: [String]
    /// Pairs it serves.
    public var pairs: [String]
    /// When it started.
    public var startedAt: Timestamp
    /// When it last renewed its lease.
    public var beatAt: Timestamp
    /// What it tells about itself, a JSON object.
    public var stats: String
    /// Which server functions it calls.
    public var protocolVersion: Int?
}

/// Ready jobs that nobody will claim as things stand.
public struct UnservedJobs: Sendable, Hashable {
    /// Their queue.
    public var queue: String
    /// Their pair.
    public var pair: String?
    /// How many.
    public var count: Int
    /// Why.
    public var reason: String
}

/// A job that does not move although it should.
public struct StuckJob: Sendable, Hashable {
    /// The job.
    public var job: Int64
    /// Who holds it.
    public var worker: Int64?
    /// What is wrong.
    public var reason: String
    /// Since when.
    public var since: Timestamp?
}

/// A check of the database or the fleet.
public struct HealthCheck: Sendable, Hashable {
    /// What was checked.
    public var name: String
    /// What was found.
    public var value: String
    /// Whether that is fine.
    public var isFine: Bool
    /// What to do if it is not.
    public var advice: String
}

extension QueueReader {
    /// All queues that have jobs or settings.
    ///
    /// - Throws: `PostgresError`.
    public func depths() async throws -> [QueueDepth] {
        try await rows("SELECT * FROM glimpq.v_queue_depth ORDER BY queue").map { row in
            QueueDepth(
                queue: try row.get("queue"), isPaused: try row.get("paused"), ready: try row.get("ready"),
                delayed: try row.get("delayed"), running: try row.get("running"), held: try row.get("held"),
                oldestReadySeconds: try row.get("oldest_ready_seconds"))
        }
    }

    /// Workers that run, and those that ended within the last hour.
    ///
    /// - Throws: `PostgresError`.
    public func workers() async throws -> [WorkerStatus] {
        let sql = """
            SELECT * FROM glimpq.v_worker WHERE ended_at IS NULL OR ended_at > now() - interval '1 hour'
            ORDER BY worker_id
            """
        return try await rows(sql).map { row in
            WorkerStatus(
                id: try row.get("worker_id"), state: try row.get("state"), host: try row.get("host"),
                processID: try row.get("pid"), version: try row.get("version"), capacity: try row.get("capacity"),
                running: try row.get("running"), queues: try row.get("queues"), pairs: try row.get("pairs"),
                startedAt: try row.get("started_at"), beatAt: try row.get("beat_at"), stats: try row.get("stats"),
                protocolVersion: try row.get("protocol"))
        }
    }

    /// Ready jobs that nobody will claim as things stand.
    ///
    /// - Throws: `PostgresError`.
    public func unserved() async throws -> [UnservedJobs] {
        try await rows("SELECT * FROM glimpq.v_unserved ORDER BY queue, pair").map { row in
            UnservedJobs(
                queue: try row.get("queue"), pair: try row.get("pair"), count: try row.get("jobs"),
                reason: try row.get("reason"))
        }
    }

    /// Jobs that do not move although they should.
    ///
    /// - Throws: `PostgresError`.
    public func stuck() async throws -> [StuckJob] {
        try await rows("SELECT * FROM glimpq.v_stuck ORDER BY job_id").map { row in
            StuckJob(
                job: try row.get("job_id"), worker: try row.get("worker_id"), reason: try row.get("reason"),
                since: try row.get("since"))
        }
    }

    /// Checks of the database and the fleet.
    ///
    /// - Throws: `PostgresError`.
    public func health() async throws -> [HealthCheck] {
        try await rows("SELECT * FROM glimpq.v_health").map { row in
            HealthCheck(
                name: try row.get("check_name"), value: try row.get("value"), isFine: try row.get("ok"),
                advice: try row.get("advice"))
        }
    }
}
