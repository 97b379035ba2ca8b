public import Postgres

/// How far a batch is.
public struct BatchProgress: Sendable, Hashable {
    /// Name of the batch.
    public var batch: String
    /// When it was created.
    public var createdAt: Timestamp
    /// All jobs.
    public var total: Int
    /// Jobs with a result.
    public var done: Int
    /// Jobs that failed for good.
    public var failed: Int
    /// Cancelled jobs.
    public var cancelled: Int
    /// Jobs that killed too many workers.
    public var quarantined: Int
    /// Jobs in work.
    public var running: Int
    /// Jobs that can be claimed.
    public var ready: Int
    /// Jobs that wait for their time.
    public var delayed: Int
    /// Jobs that are held back.
    public var held: Int
    /// Tokens of results, written by the small model.
    public var slmTokens: Int
    /// Tokens of results, written by the large model.
    public var llmTokens: Int
    /// Results whose answer is right.
    public var correct: Int
    /// Results that were graded.
    public var graded: Int
    /// Jobs that ended per minute, over the last five minutes.
    public var perMinute: Double
    /// Seconds until the batch is done at this pace; `nil` if it stands still or is done.
    public var remainingSeconds: Double?

    /// Jobs that have not ended.
    public var open: Int { held + delayed + ready + running }

    init(_ row: Row) throws {
        batch = try row.get("batch")
        createdAt = try row.get("created_at")
        total = try row.get("total")
        done = try row.get("done")
        failed = try row.get("failed")
        cancelled = try row.get("cancelled")
        quarantined = try row.get("quarantined")
        running = try row.get("running")
        ready = try row.get("ready")
        delayed = try row.get("delayed")
        held = try row.get("held")
        slmTokens = try row.get("slm_tokens")
        llmTokens = try row.get("llm_tokens")
        correct = try row.get("correct")
        graded = try row.get("graded")
        perMinute = try row.get("per_minute")
        remainingSeconds = try row.get("eta_seconds")
    }
}

extension QueueReader {
    /// Progress of one batch.
    ///
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func progress(batch name: String) async throws -> BatchProgress {
        let row = try await rows("SELECT * FROM glimpq.v_batch_progress WHERE batch = $1", [name]).oneOrNone()
        guard let row else { throw QueueError.unknownBatch(name) }
        return try BatchProgress(row)
    }

    /// Progress of the newest batches, the newest first.
    ///
    /// - Throws: `PostgresError`.
    public func progress(newest count: Int) async throws -> [BatchProgress] {
        try await rows("SELECT * FROM glimpq.v_batch_progress ORDER BY batch_id DESC LIMIT $1", [count]).map(
            BatchProgress.init)
    }
}
