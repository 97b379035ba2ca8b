import Postgres

extension StatusReport {
    /// Reads the state, from views that count only open jobs and the latest batches, so that it stays quick beside
    /// millions of finished jobs.
    ///
    /// - Parameter limit: Most batches.
    /// - Throws: `PostgresError`.
    static func read(_ connection: Connection, limit: Int) async throws -> StatusReport {
        StatusReport(
            queues: try await queues(connection), batches: try await batches(connection, limit),
            workers: try await workers(connection))
    }

    private static func queues(_ connection: Connection) async throws -> [Queue] {
        try await connection.query(
            """
            SELECT * FROM glimpq.v_queue_depth WHERE paused OR ready + delayed + held + running > 0 ORDER BY queue
            """
        ).map { row in
            Queue(
                name: try row.get("queue"), isPaused: try row.get("paused"), ready: try row.get("ready"),
                delayed: try row.get("delayed"), held: try row.get("held"), running: try row.get("running"),
                oldestSeconds: try row.get("oldest_ready_seconds"))
        }
    }

    private static func batches(_ connection: Connection, _ limit: Int) async throws -> [Batch] {
        try await connection.query(
            """
            SELECT p.*, failed + quarantined AS lost, correct::float8 / nullif(graded, 0) AS accuracy
            FROM glimpq.v_batch_progress p ORDER BY batch_id DESC LIMIT $1
            """, [limit]
        ).reversed().map { row in
            Batch(
                name: try row.get("batch"), total: try row.get("total"), done: try row.get("done"),
                failed: try row.get("lost"), cancelled: try row.get("cancelled"), running: try row.get("running"),
                perMinute: try row.get("per_minute", as: Double?.self) ?? 0, secondsToGo: try row.get("eta_seconds"),
                accuracy: try row.get("accuracy"))
        }
    }

    private static func workers(_ connection: Connection) async throws -> [Worker] {
        try await connection.query(
            """
            SELECT worker_id, state, host || ':' || pid AS place, version, in_flight, capacity,
                extract(epoch FROM now() - beat_at)::float8 AS beat
            FROM glimpq.v_worker
            WHERE state IN ('live', 'draining', 'expired')
                OR (state = 'lost' AND ended_at > now() - interval '10 minutes')
            ORDER BY worker_id
            """
        ).map { row in
            Worker(
                id: try row.get("worker_id"), state: try row.get("state"), place: try row.get("place"),
                version: try row.get("version"), inFlight: try row.get("in_flight"), capacity: try row.get("capacity"),
                beatSeconds: try row.get("beat"))
        }
    }
}
