public import Logging
public import Postgres

/// What producers and operators do with jobs that are in the queue: cancel, retry, pause.
public struct JobControl: Sendable {
    let connection: ReconnectingConnection

    /// Creates a control; its connection opens with the first use.
    public init(_ options: ConnectionOptions, logger: Logger) {
        connection = ReconnectingConnection(options, logger: logger)
    }

    /// What a cancellation did.
    public enum Cancellation: Sendable, Hashable {
        /// The job was waiting and will not run.
        case cancelled
        /// The job is running; its worker learns it with its next beat.
        case cancelling
        /// The job had ended before, in this state.
        case already(String)
        /// There is no such job.
        case unknown
    }

    /// Cancels one job.
    ///
    /// - Throws: `PostgresError`.
    public func cancel(_ job: Int64) async throws -> Cancellation {
        let answer: String = try await connection.run("cancel", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.cancel($1)", [job]).one().get(0)
        }
        switch answer {
        case "cancelled": return .cancelled
        case "cancelling": return .cancelling
        case "unknown": return .unknown
        default: return .already(String(answer.dropFirst("already ".count)))
        }
    }

    /// Cancels all jobs of a batch, some thousands per transaction.
    ///
    /// - Parameters:
    ///   - name: Name of the batch.
    ///   - progress: Told of the counts so far, after each transaction.
    /// - Returns: How many were waiting and how many are running.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`, what `progress` throws.
    public func cancelBatch(
        _ name: String, progress: (_ cancelled: Int, _ cancelling: Int) throws -> Void = { _, _ in }
    ) async throws -> (cancelled: Int, cancelling: Int) {
        var total = (cancelled: 0, cancelling: 0)
        do {
            while true {
                let row = try await connection.run("cancel batch", attempts: 3) { connection in
                    try await connection.query("SELECT * FROM glimpq.cancel_batch($1)", [name]).one()
                }
                let cancelled: Int = try row.get("cancelled")
                let cancelling: Int = try row.get("cancelling")
                if cancelled + cancelling == 0 { return total }
                total.cancelled += cancelled
                total.cancelling += cancelling
                try progress(total.cancelled, total.cancelling)
            }
        } catch let error as PostgresError where error.sqlState == "GQ002" {
            throw QueueError.unknownBatch(name)
        }
    }

    /// Makes a failed, cancelled or quarantined job ready again with fresh budgets.
    ///
    /// - Parameters:
    ///   - job: The job.
    ///   - restart: Whether its finished steps are thrown away instead of taken over.
    /// - Returns: `false` if the job is in none of these states.
    /// - Throws: `PostgresError`.
    public func retry(_ job: Int64, restart: Bool = false) async throws -> Bool {
        try await connection.run("retry", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.retry($1, $2)", [job, restart]).one().get(0)
        }
    }

    /// Which jobs to make ready again.
    public struct RetryFilter: Sendable, Hashable {
        /// Name of a batch; `nil` takes all.
        public var batch: String?
        /// Class of their last error; `nil` takes all.
        public var error: String?
        /// Their states, of `failed`, `quarantined`, `cancelled`.
        public var states: [String]
        /// Whether their finished steps are thrown away instead of taken over.
        public var restart: Bool

        /// Creates a filter.
        public init(
            batch: String? = nil, error: String? = nil, states: [String] = ["failed", "quarantined"],
            restart: Bool = false
        ) {
            self.batch = batch
            self.error = error
            self.states = states
            self.restart = restart
        }
    }

    /// Makes jobs that ended without a result ready again, some thousands per transaction. A cancelled batch whose
    /// cancelled jobs are put back is open again.
    ///
    /// - Parameters:
    ///   - filter: Which.
    ///   - progress: Told of the count so far, after each transaction.
    /// - Returns: Number of jobs.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`, what `progress` throws.
    public func retry(_ filter: RetryFilter, progress: (_ count: Int) throws -> Void = { _ in }) async throws -> Int {
        // Jobs that fail again meanwhile are not retried again: that would never end.
        let start: Timestamp = try await connection.run("retry", attempts: 3) { connection in
            try await connection.query("SELECT clock_timestamp()").one().get(0)
        }
        var total = 0
        do {
            while true {
                let count: Int = try await connection.run("retry", attempts: 3) { connection in
                    try await connection.query(
                        "SELECT glimpq.retry_v2($1, $2, $3, $4, $5)",
                        [filter.batch, filter.error, filter.states, start, filter.restart]
                    ).one().get(0)
                }
                if count == 0 { return total }
                total += count
                try progress(total)
            }
        } catch let error as PostgresError where error.sqlState == "GQ002" {
            throw QueueError.unknownBatch(filter.batch ?? "")
        }
    }

    /// Makes failed and quarantined jobs ready again.
    ///
    /// - Parameters:
    ///   - batch: Name of a batch; `nil` takes all.
    ///   - error: Class of their last error; `nil` takes all.
    /// - Returns: Number of jobs.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func retryFailed(batch: String? = nil, error: String? = nil) async throws -> Int {
        try await retry(RetryFilter(batch: batch, error: error))
    }

    /// Stops claims from a queue; running jobs go on.
    ///
    /// - Throws: `PostgresError`.
    public func pause(queue: String) async throws {
        _ = try await connection.run("pause", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.pause($1)", [queue])
        }
    }

    /// Ends a pause.
    ///
    /// - Throws: `PostgresError`.
    public func resume(queue: String) async throws {
        _ = try await connection.run("resume", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.resume($1)", [queue])
        }
    }

    /// Closes the connection.
    public func close() async { await connection.close() }
}
