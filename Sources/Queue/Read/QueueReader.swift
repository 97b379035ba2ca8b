public import Logging
public import Postgres

/// Reads what people want to know: progress, workers, results, traces. Needs no more than `glimpq_analyst`.
public struct QueueReader: Sendable {
    let connection: ReconnectingConnection

    /// Creates a reader; its connection opens with the first use.
    public init(_ options: ConnectionOptions, logger: Logger) {
        connection = ReconnectingConnection(options, logger: logger)
    }

    /// Runs a query, and again after an outage.
    func rows(_ sql: String, _ values: [any PostgresEncodable] = [], attempts: Int = 3) async throws -> Rows {
        try await connection.run("read", attempts: attempts) { connection in try await connection.query(sql, values) }
    }

    /// Runs a query that must look rows up one by one in each table that it joins. Left alone, the planner
    /// merges two tables, and so reads one of them from its first row on, for each page anew.
    func rowsByKey(
        _ sql: String, _ values: [any PostgresEncodable], attempts: Int = 3
    ) async throws -> Rows {
        try await connection.run("read", attempts: attempts) { connection in
            try await connection.transaction { connection in
                try connection.run(
                    script: """
                        SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashjoin = off;
                        SET LOCAL max_parallel_workers_per_gather = 0;
                        """)
                return try connection.query(sql, values)
            }
        }
    }

    /// Closes the connection.
    public func close() async { await connection.close() }
}
