public import Postgres

/// How many jobs of a batch are where; cheap to ask for often.
public struct BatchOverview: Sendable, Hashable {
    /// The batch's number.
    public var id: Int64
    /// Its name.
    public var batch: String
    /// When it was created.
    public var createdAt: Timestamp
    /// When it was cancelled.
    public var cancelledAt: Timestamp?
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
    /// Results whose answer is right; `nil` if there are too many to look.
    public var correct: Int?
    /// Results that were graded; `nil` if there are too many to look.
    public var graded: Int?

    /// Jobs that have not ended.
    public var open: Int { held + delayed + ready + running }

    init(_ row: Row) throws {
        id = try row.get("batch_id")
        batch = try row.get("batch")
        createdAt = try row.get("created_at")
        cancelledAt = try row.get("cancelled_at")
        total = try row.get("total")
        done = try row.get("done")
        failed = try row.get("failed")
        cancelled = try row.get("cancelled")
        quarantined = try row.get("quarantined")
        running = try row.get("running")
        ready = try row.get("ready")
        delayed = try row.get("delayed")
        held = try row.get("held")
        correct = try row.get("correct")
        graded = try row.get("graded")
    }
}

extension QueueReader {
    /// The newest batches, the newest first.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - exact: Up to how many results of a batch to look at for their grades.
    /// - Throws: `PostgresError`.
    public func overviews(newest count: Int, exact: Int = 20_000) async throws -> [BatchOverview] {
        try await rows(
            "SELECT * FROM glimpq.batch_overview_v1($1, NULL, $2)", [Int32(clamping: count), Int32(clamping: exact)]
        ).map(BatchOverview.init)
    }

    /// One batch.
    ///
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func overview(batch name: String, exact: Int = 20_000) async throws -> BatchOverview {
        let row = try await rows(
            "SELECT * FROM glimpq.batch_overview_v1(1, $1, $2)", [name, Int32(clamping: exact)]
        ).oneOrNone()
        guard let row else { throw QueueError.unknownBatch(name) }
        return try BatchOverview(row)
    }
}
