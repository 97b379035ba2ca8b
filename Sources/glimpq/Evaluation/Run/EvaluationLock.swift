import Postgres

/// Keeps two evaluations from running on one database at once, where each would disturb what the other measures. The
/// lock goes with the connection, also when the process is killed.
struct EvaluationLock {
    private let connection: Connection

    /// - Parameter options: The database; behind a pooler that gives out sessions for a transaction a lock would stay with
    ///   whoever comes next, so that there is none then.
    /// - Throws: ``CommandFailure`` if another evaluation is at work; `PostgresError`.
    init(_ options: ConnectionOptions) async throws {
        connection = try await Connection.connect(options)
        guard options.preparesStatements else { return }
        let row = try await connection.query(
            """
            SELECT pg_try_advisory_lock(hashtextextended('glimpq.evaluate', 0)) AS taken,
                (SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
                    AND l.classid::bigint << 32 | l.objid::bigint = hashtextextended('glimpq.evaluate', 0)
                    AND l.pid <> pg_backend_pid() LIMIT 1) AS holder
            """
        ).one()
        guard try row.get("taken") else {
            let holder: Int32? = try row.get("holder")
            await connection.close()
            throw CommandFailure(
                .environment,
                "another evaluation is at work on this database"
                    + (holder.map { " (server process \($0))" } ?? "") + "; wait for it, or interrupt it")
        }
    }

    /// Lets others in.
    func release() async { await connection.close() }
}
