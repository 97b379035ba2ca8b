import Postgres
import Queue

/// The database that a bench of the queue may use up: it has jobs of the bench's own batch and no others.
struct ScratchDatabase {
    /// Batch and queue of the bench's jobs.
    static let batch = "glimpq-bench"
    /// The model pair that its worker claims to serve; its jobs name none.
    static let pair = "none"
    /// Jobs that are added by one statement.
    private static let chunk = 100_000
    /// Jobs at either end of the table that are looked at.
    private static let looked = 10_000

    private let connection: Connection
    private let batchID: Int64

    /// Connects and looks whether the database may be used.
    ///
    /// - Throws: ``CommandFailure`` if it has other work than the bench's; `PostgresError`.
    init(_ options: ConnectionOptions) async throws {
        connection = try await Connection.connect(options)
        // All batches, and jobs without one at both ends of the table: reading ten million jobs would take a minute.
        let foreign: String? = try await connection.query(
            """
            SELECT coalesce(
                (SELECT format('the batch %L', name) FROM glimpq.batch WHERE name <> $1 LIMIT 1),
                (SELECT format('job %s', id) FROM (
                    (SELECT id, batch_id FROM glimpq.job ORDER BY id LIMIT $2)
                    UNION ALL (SELECT id, batch_id FROM glimpq.job ORDER BY id DESC LIMIT $2)) ends
                WHERE batch_id IS NULL LIMIT 1))
            """, [Self.batch, Int64(Self.looked)]
        ).one().get(0)
        if let foreign {
            throw CommandFailure(
                .usage,
                "--database: \(options) has work in it (\(foreign)), and a bench uses up what it finds; name an empty "
                    + "database that was migrated for this")
        }
        batchID = try await connection.query("SELECT glimpq.ensure_batch($1)", [Self.batch]).one().get(0)
    }

    /// Adds jobs until so many are ready. A job has a prompt of about a hundred bytes.
    ///
    /// - Parameter progress: Called with the number of jobs added so far and to be added.
    func fill(to ready: Int, progress: (Int, Int) throws -> Void) async throws {
        let present: Int = try await connection.query(
            "SELECT count(*) FROM glimpq.job WHERE batch_id = $1 AND state = 'ready'", [batchID]
        ).one().get(0)
        let missing = max(0, ready - present)
        var added = 0
        while added < missing {
            let count = min(Self.chunk, missing - added)
            try await connection.query(
                """
                INSERT INTO glimpq.job (batch_id, queue, prompt)
                SELECT $1, $2, format('What is the sum of %s and %s? Think step by step, then give the number.', n, 7 * n)
                FROM generate_series(1, $3) n
                """, [batchID, Self.batch, Int32(count)])
            added += count
            try progress(added, missing)
        }
        // What autovacuum would do a minute later, in the middle of a measurement.
        if missing > 0 { try await connection.query("VACUUM ANALYZE glimpq.job") }
    }

    /// Closes the connection.
    func close() async { await connection.close() }
}
