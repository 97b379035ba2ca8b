public import Postgres

/// What waits and runs in a queue; cheap to ask for often.
public struct QueueOverview: Sendable, Hashable {
    /// Name of the queue.
    public var queue: String
    /// Whether claims are stopped.
    public var isPaused: Bool
    /// Jobs that can be claimed.
    public var ready: Int
    /// Whether ``ready`` is an estimate, because there are so many.
    public var isEstimate: Bool
    /// Jobs that wait for their time.
    public var delayed: Int
    /// Jobs in work.
    public var running: Int
    /// Jobs that are held back.
    public var held: Int
    /// Age of the oldest job that can be claimed, in seconds.
    public var oldestSeconds: Double?
}

/// What was done of late for a batch from a queue.
public struct RecentWork: Sendable, Hashable {
    /// Name of the batch.
    public var batch: String?
    /// Name of the queue.
    public var queue: String
    /// Results.
    public var done: Int
    /// Of these, right ones.
    public var correct: Int
    /// Of these, graded ones.
    public var graded: Int
    /// Thinking steps.
    public var steps: Int
    /// Of these, the large model's.
    public var llmSteps: Int
    /// Tokens that the small model wrote.
    public var slmTokens: Int
    /// Tokens that the large model wrote.
    public var llmTokens: Int
    /// The time that it covers, in seconds.
    public var seconds: Double

    /// Results per minute.
    public var perMinute: Double { seconds > 0 ? Double(done) * 60 / seconds : 0 }
}

/// Jobs of a batch that went wrong of late.
public struct RecentErrors: Sendable, Hashable {
    /// Name of the batch.
    public var batch: String?
    /// Class of the last error.
    public var errorClass: String?
    /// `failed`, `cancelled` or `quarantined`; `delayed` if they will be tried again.
    public var state: String
    /// How many.
    public var jobs: Int
}

/// A queue or a pair with ready jobs that nobody will claim as things stand.
public struct UnservedName: Sendable, Hashable {
    /// Name of the queue.
    public var queue: String?
    /// Name of the pair.
    public var pair: String?
    /// Why.
    public var reason: String
}

/// A transaction whose snapshot keeps dead rows from being removed.
public struct LongTransaction: Sendable, Hashable {
    /// The server process.
    public var process: Int
    /// Whose it is; `nil` where that may not be seen.
    public var user: String?
    /// How long it has been open, in seconds.
    public var seconds: Double
}

extension QueueReader {
    /// All queues that have jobs or settings.
    ///
    /// - Throws: `PostgresError`.
    public func queueOverviews() async throws -> [QueueOverview] {
        try await rows("SELECT * FROM glimpq.queue_overview_v1()").map { row in
            QueueOverview(
                queue: try row.get("queue"), isPaused: try row.get("paused"), ready: try row.get("ready"),
                isEstimate: try row.get("is_estimate"), delayed: try row.get("delayed"),
                running: try row.get("running"),
                held: try row.get("held"), oldestSeconds: try row.get("oldest_seconds"))
        }
    }

    /// What the results of the last seconds amount to.
    ///
    /// - Throws: `PostgresError`.
    public func recentWork(seconds: Int) async throws -> [RecentWork] {
        try await rows("SELECT * FROM glimpq.recent_work_v1($1)", [Int32(clamping: seconds)]).map { row in
            RecentWork(
                batch: try row.get("batch"), queue: try row.get("queue"), done: try row.get("done"),
                correct: try row.get("correct"), graded: try row.get("graded"), steps: try row.get("steps"),
                llmSteps: try row.get("llm_steps"), slmTokens: try row.get("slm_tokens"),
                llmTokens: try row.get("llm_tokens"), seconds: try row.get("seconds"))
        }
    }

    /// Jobs that ended without a result within the last seconds, and those that wait to be tried again.
    ///
    /// - Throws: `PostgresError`.
    public func recentErrors(seconds: Int) async throws -> [RecentErrors] {
        try await rows("SELECT * FROM glimpq.recent_errors_v1($1)", [Int32(clamping: seconds)]).map { row in
            RecentErrors(
                batch: try row.get("batch"), errorClass: try row.get("error_class"), state: try row.get("state"),
                jobs: try row.get("jobs"))
        }
    }

    /// Queues and pairs with ready jobs that nobody will claim as things stand.
    ///
    /// - Throws: `PostgresError`.
    public func unservedNames() async throws -> [UnservedName] {
        try await rows("SELECT * FROM glimpq.unserved_v1()").map { row in
            UnservedName(queue: try row.get("queue"), pair: try row.get("pair"), reason: try row.get("reason"))
        }
    }

    /// Transactions of this database that have held a snapshot for longer than some seconds, the oldest first. Those of
    /// other users show only to members of `pg_read_all_stats`.
    ///
    /// - Throws: `PostgresError`.
    public func longTransactions(over seconds: Int) async throws -> [LongTransaction] {
        let sql = """
            SELECT pid::bigint, usename::text, extract(epoch FROM now() - xact_start)::float8 AS seconds
            FROM pg_stat_activity
            WHERE backend_xmin IS NOT NULL AND xact_start < now() - $1 * interval '1 second'
                AND datname = current_database() AND backend_type = 'client backend'
            ORDER BY xact_start LIMIT 3
            """
        return try await rows(sql, [Int32(clamping: seconds)]).map { row in
            LongTransaction(process: try row.get(0), user: try row.get(1), seconds: try row.get(2))
        }
    }

    /// Jobs that were ever inserted, as the server's statistics count them.
    ///
    /// - Throws: `PostgresError`.
    public func insertedJobs() async throws -> Int {
        try await rows("SELECT pg_stat_get_tuples_inserted('glimpq.job'::regclass)").one().get(0)
    }

    /// The server's time.
    ///
    /// - Throws: `PostgresError`.
    public func serverTime() async throws -> Timestamp {
        try await rows("SELECT now()").one().get(0)
    }
}
