internal import Postgres

extension JobInserter {
    /// Rows that go into the table in one transaction.
    struct Chunk: Sendable {
        let rows: JobRows
        let part: InputPart?
        let batch: String
        let batchID: Int64
        /// Whether to go through a staging table at once.
        let stages: Bool

        /// How often a chunk is sent before an outage counts as more than that; with the waits between, some minutes.
        private static let attempts = 40

        /// Sends the rows, again after an outage.
        ///
        /// - Throws: `PostgresError`, ``QueueError``.
        func deliver(on connection: ReconnectingConnection) async throws -> Counts {
            let tries = Tries()
            return try await connection.run("enqueue", attempts: Self.attempts) { connection in
                if await tries.next() > 1, let counts = try await committedBefore(connection) { return counts }
                do {
                    if !stages, let counts = try await copy(connection) { return counts }
                    return try await stage(connection)
                } catch PostgresError.connectionLost(_, "COMMIT") where part == nil {
                    throw QueueError.outcomeUnknown(rows: rows.count)
                } catch let error as PostgresError where error.message?.constraint == "batch_input_pkey" {
                    throw QueueError.inputTaken(source: part?.source ?? "", batch: batch)
                }
            }
        }

        /// What a transaction did whose end was not heard of; `nil` if it did not commit.
        private func committedBefore(_ connection: Connection) async throws -> Counts? {
            guard let part else { return nil }
            let row = try await connection.query(
                "SELECT jobs, lines, hashes = $4 AS ours FROM glimpq.batch_input "
                    + "WHERE batch_id = $1 AND source = $2 AND part = $3",
                [batchID, part.source, part.number, part.stored]
            ).oneOrNone()
            guard let row else { return nil }
            guard try row.get("ours") else { throw QueueError.inputTaken(source: part.source, batch: batch) }
            let jobs: Int = try row.get("jobs")
            return Counts(inserted: jobs, duplicates: rows.count - jobs)
        }

        /// Copies straight into the table; `nil` if a key is taken.
        private func copy(_ connection: Connection) async throws -> Counts? {
            do {
                return try await connection.transaction { connection in
                    try connection.beginCopy("COPY glimpq.job (\(NewJob.columns)) FROM STDIN")
                    try connection.sendCopy(rows.bytes)
                    let counts = Counts(inserted: try connection.endCopy())
                    try remember(counts, connection)
                    return counts
                }
            } catch let error as PostgresError
                where error.sqlState == "23505" && error.message?.constraint != "batch_input_pkey"
            {
                return nil
            }
        }

        /// Copies into a temporary table and inserts from there what is new.
        private func stage(_ connection: Connection) async throws -> Counts {
            try await connection.transaction { connection in
                try connection.run(
                    script: "CREATE TEMPORARY TABLE glimpq_staging (\(NewJob.typedColumns)) ON COMMIT DROP")
                try connection.beginCopy("COPY pg_temp.glimpq_staging FROM STDIN")
                try connection.sendCopy(rows.bytes)
                try connection.endCopy()
                let inserted = try connection.query(
                    """
                    INSERT INTO glimpq.job (\(NewJob.columns))
                    SELECT \(NewJob.columns) FROM pg_temp.glimpq_staging ON CONFLICT DO NOTHING
                    """
                ).affected
                let counts = Counts(inserted: inserted, duplicates: rows.count - inserted)
                try remember(counts, connection)
                return counts
            }
        }

        private func remember(_ counts: Counts, _ connection: isolated Connection) throws {
            guard let part else { return }
            try connection.query(
                """
                INSERT INTO glimpq.batch_input (batch_id, source, part, lines, jobs, settings, hashes)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    batchID, part.source, Int32(part.number), Int32(part.hashes.count), Int32(counts.inserted),
                    part.settings, part.stored,
                ])
        }
    }

    /// Counts how often a chunk was sent.
    private actor Tries {
        private var count = 0

        func next() -> Int {
            count += 1
            return count
        }
    }
}
