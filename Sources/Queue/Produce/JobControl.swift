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
    /// - Returns: How many were waiting and how many are running.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func cancelBatch(_ name: String) async throws -> (cancelled: Int, cancelling: Int) {
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

    /// Makes failed and quarantined jobs ready again, some thousands per transaction.
    ///
    /// - Parameters:
    ///   - batch: Name of a batch; `nil` takes all.
    ///   - error: Class of their last error; `nil` takes all.
    /// - Returns: Number of jobs.
    /// - Throws: `PostgresError`.
    public func retryFailed(batch: String? = nil, error: String? = nil) async throws -> Int {
        // Jobs that fail again meanwhile are not retried again: that would never end.
        let start: Timestamp = try await connection.run("retry failed", attempts: 3) { connection in
            try await connection.query("SELECT clock_timestamp()").one().get(0)
        }
        var total = 0
        while true {
            let count: Int = try await connection.run("retry failed", attempts: 3) { connection in
                try await connection.query(
                    "SELECT glimpq.retry_failed($1, $2, _before => $3)", [batch, error, start]
                ).one().get(0)
            }
            if count == 0 { return total }
            total += count
        }
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
