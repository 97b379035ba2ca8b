internal import Postgres

/// Delivers jobs as they end, each once, until its batch is complete.
///
/// Jobs do not end in the order of their numbers, and a finish can commit long after the time that it bears. So nothing
/// here concludes from a number or a time that a job was delivered: it remembers which were. Times only say where to
/// look often. From time to time, and before it calls a batch complete, it goes through all of the filter's jobs.
public struct ResultFollower: Sendable {
    /// What was delivered: where another follower can go on.
    public struct Position: Sendable, Hashable {
        /// Jobs delivered with their result.
        public var done = JobSet()
        /// Jobs delivered as failed, cancelled or quarantined. After a retry they are delivered once more when done.
        public var ended = JobSet()

        /// The beginning.
        public init() {}

        /// The position as text: `1-500,502/501`.
        public var text: String { done.text + (ended.count > 0 ? "/" + ended.text : "") }

        /// Reads ``text``; `nil` if it is something else.
        public init?(text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count <= 2, let done = JobSet(text: parts.first ?? "") else { return nil }
            guard let ended = JobSet(text: parts.count == 2 ? parts[1] : "") else { return nil }
            self.done = done
            self.ended = ended
        }
    }

    /// How far and how often it looks back.
    public struct Pace: Sendable, Hashable {
        /// How far each look reaches beyond the one before.
        public var overlap: Duration = .seconds(5)
        /// How far a longer look reaches.
        public var longOverlap: Duration = .seconds(120)
        /// Time between longer looks.
        public var betweenLongLooks: Duration = .seconds(30)
        /// Least time between passes through all jobs; more where they take long.
        public var betweenPasses: Duration = .seconds(300)

        /// The usual pace.
        public init() {}
    }

    /// What was delivered so far.
    public private(set) var position: Position

    private let reader: QueueReader
    private let bounded: ResultFilter.Bounded
    private let pace: Pace
    /// Jobs that have ended and are not delivered.
    private var waiting: ArraySlice<Int64> = []
    /// Where a pass through all jobs is; `nil` between passes.
    private var pass: Int64?
    private var isLastPass = false
    private var passStart = ContinuousClock.now
    private var nextPass = ContinuousClock.now
    private var nextLongLook = ContinuousClock.now
    private var lastLook: Timestamp?
    private var pageSize = 20

    private static let idsPerQuery = 20_000
    private static let outageAttempts = 200

    /// Jobs that ended and are not delivered yet, those that wait in memory; at most some thousands.
    init(_ reader: QueueReader, _ bounded: ResultFilter.Bounded, from position: Position, pace: Pace) {
        self.reader = reader
        self.bounded = bounded
        self.position = position
        self.pace = pace
        pass = bounded.filter.after
    }

    /// The next jobs that have ended.
    ///
    /// - Returns: An empty list if there is nothing new at the moment; `nil` once the batch is complete and delivered.
    /// - Throws: `PostgresError`.
    public mutating func next() async throws -> [ExportedJob]? {
        if lastLook == nil { lastLook = try await now() }  // what ends during the first pass is seen by the first look
        while true {
            if !waiting.isEmpty {
                let jobs = try await deliver()
                if !jobs.isEmpty { return jobs }
            } else if let place = pass {
                try await continuePass(from: place)
            } else {
                let isComplete = try await isComplete()
                if isComplete && isLastPass { return nil }
                isLastPass = isComplete
                if isComplete || ContinuousClock.now >= nextPass {
                    pass = bounded.filter.after
                    passStart = .now
                } else {
                    try await look()
                    return waiting.isEmpty ? [] : try await deliver()
                }
            }
        }
    }

    /// Fetches some of the jobs that wait.
    private mutating func deliver() async throws -> [ExportedJob] {
        let ids = Array(waiting.prefix(pageSize))
        let (condition, values) = bounded.condition(after: bounded.filter.after)
        let jobs = try await reader.rowsByKey(
            "SELECT \(ExportedJob.columns(traced: bounded.filter.isTraced)) FROM glimpq.v_export WHERE \(condition) AND job_id = ANY ($\(values.count + 1)) "
                + "ORDER BY job_id",
            values + [ids], attempts: Self.outageAttempts
        ).map(ExportedJob.init)
        waiting = waiting.dropFirst(ids.count)
        let bytes = jobs.reduce(0) { $0 + 1000 + ($1.result?.output.utf8.count ?? 0) }
        pageSize = bytes > 4 << 20 ? max(1, pageSize / 2) : min(1000, pageSize * 2)
        return jobs.filter { job in
            // A job that was put back meanwhile and has ended anew counts as what it is now.
            job.state == "done" ? position.done.insert(job.job) : position.ended.insert(job.job)
        }
    }

    /// Goes on with a pass through all jobs, by their numbers.
    private mutating func continuePass(from place: Int64) async throws {
        let (condition, values) = bounded.condition(after: place)
        let rows = try await reader.rows(
            "SELECT job_id, state = 'done' FROM glimpq.v_export WHERE \(condition) ORDER BY job_id "
                + "LIMIT \(Self.idsPerQuery)", values, attempts: Self.outageAttempts)
        try add(rows)
        if rows.count == Self.idsPerQuery, let last = rows.last {
            pass = try last.get(0)
        } else {
            pass = nil
            nextPass = ContinuousClock.now + max(pace.betweenPasses, (ContinuousClock.now - passStart) * 20)
        }
    }

    /// Looks at what ended lately.
    private mutating func look() async throws {
        let now = try await now()
        var overlap = pace.overlap
        if ContinuousClock.now >= nextLongLook {
            overlap = pace.longOverlap
            nextLongLook = .now + pace.betweenLongLooks
        }
        let since = Timestamp(microseconds: (lastLook ?? now).microseconds - Int64(overlap / .microseconds(1)))
        let rows = try await reader.rows(
            "SELECT job_id, done FROM glimpq.ended_since_v1($1, $2)", [bounded.batch, since],
            attempts: Self.outageAttempts)
        try add(rows)
        lastLook = now
    }

    private mutating func add(_ rows: Rows) throws {
        let wantsDone = bounded.filter.states.contains("done")
        let wantsOthers = bounded.filter.states.contains { $0 != "done" }
        waiting += try rows.compactMap { row in
            let job: Int64 = try row.get(0)
            let isDone: Bool = try row.get(1)
            guard isDone ? wantsDone : wantsOthers else { return nil }
            return (isDone ? position.done : position.ended).contains(job) ? nil : job
        }.sorted()
    }

    /// The server's time.
    private func now() async throws -> Timestamp {
        try await reader.rows("SELECT now()", attempts: Self.outageAttempts).one().get(0)
    }

    /// Whether all jobs of the batch have ended. Without a batch there may always come more.
    private func isComplete() async throws -> Bool {
        guard let batch = bounded.batch else { return false }
        return try await !reader.rows(
            "SELECT EXISTS (SELECT FROM glimpq.v_export WHERE batch_id = $1 "
                + "AND state IN ('held', 'delayed', 'ready', 'running'))", [batch], attempts: Self.outageAttempts
        ).one().get(0)
    }
}

extension QueueReader {
    /// Follows the jobs of a filter as they end.
    ///
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func follow(
        _ filter: ResultFilter, from position: ResultFollower.Position = .init(), pace: ResultFollower.Pace = .init()
    ) async throws -> ResultFollower {
        ResultFollower(self, try await bounded(filter, isGrowing: true), from: position, pace: pace)
    }
}
