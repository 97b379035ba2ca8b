internal import Postgres

/// Streams ended jobs in the order of their numbers, page by page: it holds no transaction open, and the consumer sets
/// the pace.
public struct ResultReader: AsyncSequence, Sendable {
    /// Which jobs.
    public struct Filter: Sendable, Hashable {
        /// Name of the batch; `nil` takes all.
        public var batch: String?
        /// States to take, of `done`, `failed`, `cancelled`, `quarantined`.
        public var states: [String]
        /// Only jobs with greater numbers, to go on where an earlier export ended.
        public var after: Int64

        /// Creates a filter.
        public init(
            batch: String? = nil, states: [String] = ["done", "failed", "cancelled", "quarantined"], after: Int64 = 0
        ) {
            self.batch = batch
            self.states = states
            self.after = after
        }
    }

    let reader: QueueReader
    let filter: Filter
    let pageSize: Int

    /// Starts at the filter's first job.
    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: reader, filter: filter, pageSize: pageSize, last: filter.after)
    }

    /// Reads one page ahead of the consumer.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: QueueReader
        let filter: Filter
        let pageSize: Int
        var last: Int64
        var page: ArraySlice<ExportedJob> = []
        var isAtEnd = false

        /// The next job; `nil` after the last.
        ///
        /// - Throws: `PostgresError`.
        public mutating func next() async throws -> ExportedJob? {
            if page.isEmpty, !isAtEnd { try await read() }
            guard let job = page.popFirst() else { return nil }
            last = job.job
            return job
        }

        private mutating func read() async throws {
            let batch = filter.batch == nil ? "" : "AND j.batch = $4"
            var values: [any PostgresEncodable] = [last, filter.states, pageSize]
            if let name = filter.batch { values.append(name) }
            let jobs = try await reader.rows(
                ExportedJob.query + " WHERE j.job_id > $1 AND j.state = ANY ($2) \(batch) ORDER BY j.job_id LIMIT $3",
                values
            ).map(ExportedJob.init)
            page = jobs[...]
            isAtEnd = jobs.count < pageSize
        }
    }
}

extension QueueReader {
    /// Ended jobs in the order of their numbers.
    public func results(_ filter: ResultReader.Filter = .init(), pageSize: Int = 500) -> ResultReader {
        ResultReader(reader: self, filter: filter, pageSize: pageSize)
    }
}
