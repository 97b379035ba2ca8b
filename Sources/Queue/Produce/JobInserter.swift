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

        /// Creates zero counts.
        public init() {}
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
    public let batchID: Int64
    private let connection: Connection
    private let limits: Limits
    private var encoder = CopyTextEncoder()
    private var rows = 0
    private var counts = Counts()
    private var sending: Task<Counts, any Error>?
    /// Set once a chunk has met a duplicate.
    private var stages = false

    private init(connection: Connection, batchID: Int64, limits: Limits) {
        self.connection = connection
        self.batchID = batchID
        self.limits = limits
    }

    /// Connects, and creates the batch or reuses the one of this name.
    ///
    /// - Parameters:
    ///   - options: The database, as a member of `glimpq_producer`.
    ///   - batch: Name of the batch, 1 to 200 characters.
    ///   - metadata: JSON object for a new batch.
    ///   - tenant: Who pays, for a new batch.
    ///   - limits: How much goes into one transaction.
    /// - Throws: `PostgresError`.
    public static func open(
        _ options: ConnectionOptions, batch: String, metadata: String = "{}", tenant: String? = nil,
        limits: Limits = Limits()
    ) async throws -> JobInserter {
        let connection = try await Connection.connect(options)
        let id: Int64 = try await connection.query(
            "SELECT glimpq.ensure_batch($1, $2, $3)", [batch, JSONText(metadata), tenant]
        ).one().get(0)
        return JobInserter(connection: connection, batchID: id, limits: limits)
    }

    /// Takes a job in; now and then waits for the database.
    ///
    /// - Throws: ``NewJobError``; the job was not taken in and the others are untouched. `PostgresError`; the chunk on
    ///   its way was rolled back and the inserter is of no more use.
    public func add(_ job: NewJob) async throws {
        try job.validate()
        job.encode(into: &encoder, batch: batchID)
        rows += 1
        if rows >= limits.rows || encoder.bytes.count >= limits.bytes { try await send() }
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
        if rows > 0 { try await send() }
        try await settle()
        await connection.close()
        return counts
    }

    /// Waits for the chunk on its way, then sends the next.
    private func send() async throws {
        let bytes = encoder.take()
        let count = rows
        rows = 0
        try await settle()
        let stages = self.stages
        let connection = self.connection
        sending = Task {
            if !stages, let counts = try await Self.copy(bytes, on: connection) { return counts }
            return try await Self.stage(bytes, count, on: connection)
        }
    }

    private func settle() async throws {
        guard let sending else { return }
        self.sending = nil
        let sent = try await sending.value
        counts.inserted += sent.inserted
        counts.duplicates += sent.duplicates
        if sent.duplicates > 0 { stages = true }
    }

    /// Copies straight into the table; `nil` if a key is taken.
    private static func copy(_ bytes: [UInt8], on connection: Connection) async throws -> Counts? {
        do {
            var counts = Counts()
            counts.inserted = try await connection.perform { connection in
                try connection.beginCopy("COPY glimpq.job (\(NewJob.columns)) FROM STDIN")
                try connection.sendCopy(bytes)
                return try connection.endCopy()
            }
            return counts
        } catch let error as PostgresError where error.sqlState == "23505" {
            return nil
        }
    }

    /// Copies into a temporary table and inserts from there what is new.
    private static func stage(_ bytes: [UInt8], _ count: Int, on connection: Connection) async throws -> Counts {
        var counts = Counts()
        counts.inserted = try await connection.transaction { connection in
            try connection.run(
                script: "CREATE TEMPORARY TABLE glimpq_staging (\(NewJob.typedColumns)) ON COMMIT DROP")
            try connection.beginCopy("COPY pg_temp.glimpq_staging FROM STDIN")
            try connection.sendCopy(bytes)
            try connection.endCopy()
            return try connection.query(
                """
                INSERT INTO glimpq.job (\(NewJob.columns))
                SELECT \(NewJob.columns) FROM pg_temp.glimpq_staging ON CONFLICT DO NOTHING
                """
            ).affected
        }
        counts.duplicates = count - counts.inserted
        return counts
    }
}
