public import Logging
public import Postgres

/// The upkeep of the whole database, of which any worker does a piece when it is due: what is too old goes, trace
/// partitions come and go, the trace table gets statistics.
public struct QueueUpkeep: Sendable {
    private let connection: ReconnectingConnection

    /// What a piece of upkeep did.
    public struct Report: Sendable, Hashable {
        /// Whether it was due and nobody else was at it.
        public var ran: Bool
        /// Whether there is more to do at once.
        public var hasMore: Bool
        /// Jobs deleted.
        public var jobs: Int
        /// Rows of traces deleted.
        public var steps: Int
        /// Trace partitions dropped.
        public var partitionsDropped: Int
        /// Trace partitions created.
        public var partitionsCreated: Int
        /// Rows of workers deleted.
        public var workers: Int

        /// Whether anything was deleted.
        public var hasDeleted: Bool { jobs + steps + partitionsDropped + workers > 0 }
    }

    /// Creates an upkeep. Its connection is its own, so that claims and results never wait behind it, and opens with
    /// the first use.
    public init(_ options: ConnectionOptions, logger: Logger) {
        var options = options
        options.statementTimeout = .seconds(300)
        connection = ReconnectingConnection(options, logger: logger)
    }

    /// Does a bounded piece of work, if it is due.
    ///
    /// - Throws: `PostgresError`.
    public func run() async throws -> Report {
        let row = try await connection.run("upkeep", attempts: 1) { connection in
            try await connection.query("SELECT * FROM glimpq.upkeep_v1()").one()
        }
        if try row.get("analyze_due", as: Bool.self) {
            _ = try await connection.run("analyze", attempts: 1) { connection in
                try await connection.query("SELECT glimpq.analyze_traces_v1()")
            }
        }
        return Report(
            ran: try row.get("ran"), hasMore: try row.get("more"), jobs: try row.get("jobs"),
            steps: try row.get("steps"), partitionsDropped: try row.get("partitions_dropped"),
            partitionsCreated: try row.get("partitions_created"), workers: try row.get("workers"))
    }

    /// Takes what the latest jobs measured into the thresholds for target rates.
    ///
    /// - Returns: Whether there may be more to do at once.
    /// - Throws: `PostgresError`.
    public func gatherEntropies() async throws -> Bool {
        try await connection.run("calibration", attempts: 1) { connection in
            try await connection.query("SELECT more FROM glimpq.gather_entropies_v1()").one().get(0)
        }
    }

    /// Closes the connection; the next use opens a new one.
    public func close() async { await connection.close() }
}
