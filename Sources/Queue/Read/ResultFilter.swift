internal import Postgres

/// Which jobs to export.
public struct ResultFilter: Sendable, Hashable {
    /// Name of the batch; `nil` takes all.
    public var batch: String?
    /// States to take, of `done`, `failed`, `cancelled`, `quarantined`, or of those of jobs that have not ended.
    public var states: [String]
    /// Only jobs of this strategy.
    public var strategy: String?
    /// Only jobs whose answer is right, or wrong.
    public var correct: Bool?
    /// Only jobs with greater numbers.
    public var after: Int64

    /// Whether to look into the traces too, which takes longer: ``ExportedJob/Result/reasoningTokens``.
    public var isTraced = false

    /// States of jobs that ended.
    public static let ended = ["done", "failed", "cancelled", "quarantined"]
    /// States of jobs that have not ended.
    public static let open = ["held", "delayed", "ready", "running"]

    /// Creates a filter.
    public init(
        batch: String? = nil, states: [String] = ResultFilter.ended, strategy: String? = nil, correct: Bool? = nil,
        after: Int64 = 0
    ) {
        self.batch = batch
        self.states = states
        self.strategy = strategy
        self.correct = correct
        self.after = after
    }

    /// The filter with what the server needs to find its jobs by their numbers.
    struct Bounded: Sendable {
        let filter: ResultFilter
        /// The batch's number.
        let batch: Int64?
        /// No job of the filter has a greater number; `nil` where that is not known.
        let last: Int64?

        /// A condition on `glimpq.v_export`, and its parameters from `$1` on.
        func condition(after: Int64) -> (sql: String, values: [any PostgresEncodable]) {
            var sql = "job_id > $1 AND state = ANY ($2)"
            var values: [any PostgresEncodable] = [after, filter.states]
            func add(_ condition: String, _ value: any PostgresEncodable) {
                values.append(value)
                sql += " AND \(condition) $\(values.count)"
            }
            if let batch { add("batch_id =", batch) }
            if let last { add("job_id <=", last) }
            if let strategy = filter.strategy { add("strategy =", strategy) }
            if let correct = filter.correct { add("correct =", correct) }
            return (sql, values)
        }
    }
}

extension QueueReader {
    /// Looks the filter's batch up.
    ///
    /// - Parameter isGrowing: Whether jobs may still come.
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    func bounded(_ filter: ResultFilter, isGrowing: Bool = false) async throws -> ResultFilter.Bounded {
        guard let name = filter.batch else { return ResultFilter.Bounded(filter: filter, batch: nil, last: nil) }
        let row = try await rows("SELECT id FROM glimpq.batch WHERE name = $1", [name]).oneOrNone()
        guard let row else { throw QueueError.unknownBatch(name) }
        let batch: Int64 = try row.get(0)
        // A batch is mostly one stretch of numbers; the rest of the table is not worth a look.
        let ends = try await rows(
            "SELECT coalesce(min(job_id), 1), coalesce(max(job_id), 0) FROM glimpq.v_export WHERE batch_id = $1",
            [batch]
        ).one()
        var filter = filter
        filter.after = max(filter.after, try ends.get(0, as: Int64.self) - 1)
        return ResultFilter.Bounded(filter: filter, batch: batch, last: isGrowing ? nil : try ends.get(1))
    }
}
