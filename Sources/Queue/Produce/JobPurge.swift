public import Logging
public import Postgres

/// Deletes jobs that have ended, with results, attempts and traces, a bounded number per transaction, so that claims
/// and results never wait for it. Needs `glimpq_admin`.
public struct JobPurge: Sendable {
    private let connection: ReconnectingConnection

    /// What has been looked at and deleted so far.
    public struct Progress: Sendable, Hashable {
        /// Jobs deleted; of a trial run: that would be.
        public var jobs = 0
        /// Rows of traces deleted; 0 in a trial run.
        public var steps = 0
        /// The share of the jobs' numbers that has been walked over, where it is known.
        public var fraction: Double?

        /// Creates an empty progress.
        public init() {}
    }

    /// Creates a purge; its connection opens with the first use.
    public init(_ options: ConnectionOptions, logger: Logger) {
        connection = ReconnectingConnection(options, logger: logger)
    }

    /// Deletes the jobs of all batches, or of one.
    ///
    /// - Parameters:
    ///   - age: How long ago a job must have ended, by the database's clock.
    ///   - batch: Name of a batch; `nil` takes all jobs.
    ///   - isTrial: Whether to count only.
    ///   - report: Called after each piece.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func run(
        olderThan age: Duration, batch: String?, isTrial: Bool, report: (Progress) async throws -> Void
    ) async throws -> Progress {
        let start = try await connection.run("purge", attempts: 3) { connection in
            try await connection.query(
                "SELECT now() - $1 * interval '1 second', (SELECT max(id) FROM glimpq.job)", [age / .seconds(1)]
            ).one()
        }
        let limit: Timestamp = try start.get(0)
        if let batch { return try await run(batch: batch, endedBefore: limit, isTrial: isTrial, report: report) }
        guard let last: Int64 = try start.get(1) else { return Progress() }
        var progress = Progress()
        var position: Int64? = 0
        while let after = position {
            let row = try await connection.run("purge", attempts: 3) { connection in
                try await connection.query(
                    "SELECT * FROM glimpq.purge_v2($1, $2, _dry_run => $3)", [limit, after, isTrial]
                ).one()
            }
            progress.jobs += try row.get("jobs", as: Int.self)
            progress.steps += try row.get("steps", as: Int.self)
            position = try row.get("next")
            progress.fraction = min(1, Double(position ?? last) / Double(last))
            try await report(progress)
        }
        return progress
    }

    private func run(
        batch: String, endedBefore limit: Timestamp, isTrial: Bool, report: (Progress) async throws -> Void
    ) async throws -> Progress {
        var progress = Progress()
        while true {
            let row: Row
            do {
                row = try await connection.run("purge batch", attempts: 3) { connection in
                    try await connection.query(
                        "SELECT * FROM glimpq.purge_batch_v1($1, $2, _dry_run => $3)", [batch, limit, isTrial]
                    ).one()
                }
            } catch let error as PostgresError where error.sqlState == "GQ002" {
                throw QueueError.unknownBatch(batch)
            }
            let jobs: Int = try row.get("jobs")
            progress.jobs += jobs
            progress.steps += try row.get("steps", as: Int.self)
            try await report(progress)
            if isTrial || jobs == 0 { return progress }
        }
    }

    /// Closes the connection.
    public func close() async { await connection.close() }
}
