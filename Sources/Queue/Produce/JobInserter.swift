public import Logging
public import Postgres

/// Enqueues jobs in bulk into one batch.
///
/// Rows go by COPY, some ten thousand per transaction, so that a long load neither holds one snapshot for its whole
/// time nor loses everything when it breaks: what was committed stays, and enqueueing the same jobs again skips them
/// by their `customID`. The first chunk with a duplicate switches to a staging table and `ON CONFLICT DO NOTHING`.
///
/// Rows are encoded while the previous chunk is on its way. Use it from one task at a time.
public actor JobInserter {
    /// What was enqueued so far.
    public struct Counts: Sendable, Hashable {
        /// Jobs that are in the table.
        public var inserted = 0
        /// Jobs that were skipped because their `customID` is taken.
        public var duplicates = 0

        /// Creates counts.
        public init(inserted: Int = 0, duplicates: Int = 0) {
            self.inserted = inserted
            self.duplicates = duplicates
        }
    }

    /// How much goes into one transaction.
    public struct Limits: Sendable, Hashable {
        /// Rows.
        public var rows: Int
        /// Bytes of encoded rows.
        public var bytes: Int

        /// Creates limits.
        public init(rows: Int = 20_000, bytes: Int = 8 << 20) {
            precondition(rows > 0 && bytes > 0)
            self.rows = rows
            self.bytes = bytes
        }
    }

    /// The batch's number.
    public nonisolated let batchID: Int64
    private let batch: String
    let connection: ReconnectingConnection
    private let limits: Limits
    private var rows: JobRows
    private var counts = Counts()
    private var sending: Task<Counts, any Error>?
    /// Set once a chunk has met a duplicate.
    private var stages = false

    private init(_ connection: ReconnectingConnection, batch: String, batchID: Int64, limits: Limits) {
        self.connection = connection
        self.batch = batch
        self.batchID = batchID
        self.limits = limits
        rows = JobRows(batch: batchID)
    }

    /// Connects, and creates the batch or reuses the one of this name.
    ///
    /// - Parameters:
    ///   - options: The database, as a member of `glimpq_producer`.
    ///   - batch: Name of the batch, 1 to 200 characters.
    ///   - metadata: JSON object for a new batch.
    ///   - tenant: Who pays, for a new batch.
    ///   - limits: How much goes into one transaction.
    ///   - logger: Told of outages.
    /// - Throws: `PostgresError`.
    public static func open(
        _ options: ConnectionOptions, batch: String, metadata: String = "{}", tenant: String? = nil,
        limits: Limits = Limits(), logger: Logger = Logger(label: "glimpq") { _ in SwiftLogNoOpLogHandler() }
    ) async throws -> JobInserter {
        let connection = ReconnectingConnection(options, logger: logger)
        let id: Int64 = try await connection.run("open batch", attempts: 3) { connection in
            try await connection.query(
                "SELECT glimpq.ensure_batch($1, $2, $3)", [batch, JSONText(metadata), tenant]
            ).one().get(0)
        }
        return JobInserter(connection, batch: batch, batchID: id, limits: limits)
    }

    /// Connects, and finds the batch of this name.
    ///
    /// - Returns: `nil` if there is no such batch.
    /// - Throws: `PostgresError`.
    public static func openExisting(
        _ options: ConnectionOptions, batch: String, limits: Limits = Limits(), logger: Logger
    ) async throws -> JobInserter? {
        let connection = ReconnectingConnection(options, logger: logger)
        let row = try await connection.run("find batch", attempts: 3) { connection in
            try await connection.query("SELECT id FROM glimpq.batch WHERE name = $1", [batch]).oneOrNone()
        }
        guard let row else {
            await connection.close()
            return nil
        }
        return JobInserter(connection, batch: batch, batchID: try row.get(0), limits: limits)
    }

    /// Takes a job in; now and then waits for the database.
    ///
    /// - Throws: ``NewJobError``; the job was not taken in and the others are untouched. `PostgresError`; the chunk on
    ///   its way was rolled back and the inserter is of no more use.
    public func add(_ job: NewJob) async throws {
        try rows.append(job)
        if rows.count >= limits.rows || rows.size >= limits.bytes { try await sendRows() }
    }

    /// Takes jobs in; the same as adding each.
    public func add(contentsOf jobs: some Sequence<NewJob> & Sendable) async throws {
        for job in jobs { try await add(job) }
    }

    /// What is committed so far.
    public var committed: Counts { counts }

    /// Writes what is left and closes the connection.
    ///
    /// - Returns: The final counts.
    /// - Throws: `PostgresError`.
    public func finish() async throws -> Counts {
        if rows.count > 0 { try await sendRows() }
        try await settle()
        await connection.close()
        return counts
    }

    /// Waits for the rows on their way, then sends others, in one transaction.
    ///
    /// - Parameters:
    ///   - rows: The jobs.
    ///   - part: What to remember of the input that they come from, in the same transaction. It also tells after a lost
    ///     connection whether they were committed, so that they can be sent again.
    /// - Throws: `PostgresError`, ``QueueError``: of the rows on their way before.
    public func send(_ rows: JobRows, remembering part: InputPart? = nil) async throws {
        try await settle()
        let chunk = Chunk(rows: rows, part: part, batch: batch, batchID: batchID, stages: stages)
        let connection = self.connection
        sending = Task { try await chunk.deliver(on: connection) }
    }

    /// Waits for the rows on their way.
    ///
    /// - Throws: `PostgresError`, ``QueueError``.
    public func settle() async throws {
        guard let sending else { return }
        self.sending = nil
        let sent = try await sending.value
        counts.inserted += sent.inserted
        counts.duplicates += sent.duplicates
        if sent.duplicates > 0 { stages = true }
    }

    /// Lets idle workers that listen look for jobs of a queue at once instead of at their next poll.
    ///
    /// - Throws: `PostgresError`.
    public func wake(queue: String) async throws {
        _ = try await connection.run("wake", attempts: 1) { connection in
            try await connection.query("SELECT glimpq.wake($1)", [queue])
        }
    }

    private func sendRows() async throws {
        let full = rows
        rows = JobRows(batch: batchID)
        try await send(full)
    }
}
