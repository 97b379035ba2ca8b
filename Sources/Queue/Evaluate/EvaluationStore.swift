public import Logging
public import Postgres

/// Keeps evaluations: their cells and tasks, and which jobs stand for them. Needs `glimpq_producer`.
public struct EvaluationStore: Sendable {
    /// Name of the batch that holds the jobs of all evaluations; the `custom_id` of a job is its content's key.
    public static let batch = "evaluation"

    let connection: ReconnectingConnection

    /// Creates a store; its connection opens with the first use.
    public init(_ options: ConnectionOptions, logger: Logger) {
        connection = ReconnectingConnection(options, logger: logger)
    }

    /// Begins an evaluation in place of the one of the same name.
    ///
    /// - Parameters:
    ///   - name: Its name, 1 to 200 characters.
    ///   - facts: What is to be remembered of the run, a JSON object.
    /// - Returns: Its number.
    /// - Throws: `PostgresError`.
    public func begin(_ name: String, facts: String) async throws -> Int64 {
        try await connection.run("begin evaluation", attempts: 3) { connection in
            try await connection.query(
                "SELECT evaluation FROM glimpq.evaluation_begin_v1($1, $2)", [name, JSONText(facts)]
            ).one().get(0)
        }
    }

    /// Adds cells with their tasks, in one transaction; cells of the same numbers are replaced.
    ///
    /// - Parameters:
    ///   - cells: The cells.
    ///   - tasks: Their tasks with the keys of their jobs.
    /// - Throws: `PostgresError`.
    public func add(
        _ cells: [EvaluationCell], tasks: [(task: EvaluationTask, key: String)], to evaluation: Int64
    ) async throws {
        var cellRows = CopyTextEncoder()
        var taskRows = CopyTextEncoder()
        for cell in cells { cell.encode(into: &cellRows, evaluation: evaluation) }
        for (task, key) in tasks { task.encode(into: &taskRows, evaluation: evaluation, key: key) }
        let copies = [
            ("evaluation_cell (\(EvaluationCell.columns))", cellRows.take()),
            ("evaluation_task (\(EvaluationTask.columns))", taskRows.take()),
        ]
        let numbers = cells.map { Int32(clamping: $0.number) }
        try await connection.run("add cells", attempts: 3) { connection in
            try await connection.transaction { connection in
                try connection.query("SELECT glimpq.evaluation_clear_v1($1, $2)", [evaluation, numbers])
                for (target, bytes) in copies {
                    try connection.beginCopy("COPY glimpq.\(target) FROM STDIN")
                    try connection.sendCopy(bytes)
                    try connection.endCopy()
                }
            }
        }
    }

    /// Tasks of some cells that have no job yet, by cell, seed and problem.
    ///
    /// - Throws: `PostgresError`.
    public func missing(_ cells: [Int], of evaluation: Int64) async throws -> [EvaluationTask] {
        try await rows("SELECT * FROM glimpq.evaluation_missing_v1($1, $2)", evaluation, cells).map { row in
            EvaluationTask(
                cell: try row.get("cell"), problem: try row.get("problem"),
                seed: UInt64(bitPattern: try row.get("seed", as: Int64.self)))
        }
    }

    /// Puts jobs of some cells back that ended without a result.
    ///
    /// - Returns: How many.
    /// - Throws: `PostgresError`.
    public func retry(_ cells: [Int], of evaluation: Int64) async throws -> Int {
        try await rows("SELECT glimpq.evaluation_retry_v1($1, $2)", evaluation, cells).one().get(0)
    }

    /// Takes finished jobs of some cells out of the cache.
    ///
    /// - Returns: How many.
    /// - Throws: `PostgresError`.
    public func forget(_ cells: [Int], of evaluation: Int64) async throws -> Int {
        try await rows("SELECT glimpq.evaluation_forget_v1($1, $2)", evaluation, cells).one().get(0)
    }

    /// Jobs of a queue that are ready or running. To count them takes time that grows with their number.
    ///
    /// - Parameter cap: How many ready jobs to count at most.
    /// - Throws: `PostgresError`.
    public func backlog(queue: String, cap: Int32 = 100_000_000) async throws -> Int {
        try await connection.run("backlog", attempts: 3) { connection in
            try await connection.query("SELECT glimpq.backlog($1, $2)", [queue, cap]).one().get(0)
        }
    }

    /// Live workers that claim from one of some queues.
    ///
    /// - Throws: `PostgresError`.
    public func liveWorkers(queues: [String]) async throws -> [LiveWorker] {
        try await connection.run("live workers", attempts: 3) { connection in
            try await connection.query(
                """
                SELECT worker_id, host, pid, queues FROM glimpq.v_worker
                WHERE state IN ('live', 'draining') AND queues && $1::text[]
                """, [queues])
        }.map { row in
            LiveWorker(
                id: try row.get("worker_id"), host: try row.get("host"), processID: try row.get("pid"),
                queues: try row.get("queues"))
        }
    }

    /// Closes the connection.
    public func close() async { await connection.close() }

    func rows(_ sql: String, _ evaluation: Int64, _ cells: [Int]) async throws -> Rows {
        let numbers = cells.map { Int32(clamping: $0) }
        return try await connection.run("evaluation", attempts: 3) { connection in
            try await connection.query(sql, [evaluation, numbers])
        }
    }
}

/// A worker process whose lease holds.
public struct LiveWorker: Sendable, Hashable {
    /// Its number.
    public var id: Int64
    /// Name of its machine.
    public var host: String
    /// The process.
    public var processID: Int32
    /// The queues that it claims from.
    public var queues: [String]
}
