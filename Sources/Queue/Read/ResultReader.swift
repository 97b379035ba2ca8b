internal import Postgres

/// Streams jobs in the order of their numbers, page by page: it holds no transaction open, and reads one page ahead of
/// its consumer, who sets the pace.
public struct ResultReader: AsyncSequence, Sendable {
    let reader: QueueReader
    let filter: ResultFilter
    let pageSize: Int

    /// Starts at the filter's first job.
    public func makeAsyncIterator() -> Iterator { Iterator(reader: reader, filter: filter, pageSize: pageSize) }

    /// Reads pages of some megabytes each.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: QueueReader
        let filter: ResultFilter
        let pageSize: Int
        var page: ArraySlice<ExportedJob> = []
        var coming: Task<[ExportedJob], any Error>?
        var asked = 0
        var isAtEnd = false
        var bounded: ResultFilter.Bounded?

        /// The next job; `nil` after the last.
        ///
        /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
        public mutating func next() async throws -> ExportedJob? {
            if page.isEmpty, !isAtEnd { try await turn() }
            return page.popFirst()
        }

        /// Takes the page that is coming and asks for the one behind it.
        private mutating func turn() async throws {
            if bounded == nil {
                bounded = try await reader.bounded(filter)
                ask(after: bounded?.filter.after ?? filter.after, limit: Swift.min(pageSize, 20))
            }
            guard let coming else { return }
            let jobs = try await withTaskCancellationHandler {
                try await coming.value
            } onCancel: {
                coming.cancel()
            }
            page = jobs[...]
            if jobs.count < asked {
                isAtEnd = true
            } else if let last = jobs.last {
                let bytes = Swift.max(1, jobs.reduce(0) { $0 + $1.size } / jobs.count)
                let fitting = Swift.max(1, Self.pageBytes / bytes)
                ask(after: last.job, limit: Swift.min(pageSize, fitting, jobs.count * 8))
            }
        }

        private mutating func ask(after: Int64, limit: Int) {
            guard let bounded else { return }
            let reader = self.reader
            asked = limit
            coming = Task { try await reader.page(bounded, after: after, limit: limit) }
        }

        private static let pageBytes = 4 << 20
    }
}

extension ExportedJob {
    /// About the memory that it takes, in bytes.
    fileprivate var size: Int {
        500 + (result?.output.utf8.count ?? 0) + (metadata?.utf8.count ?? 0) + (referenceAnswer?.utf8.count ?? 0)
            + (errorMessage?.utf8.count ?? 0)
    }
}

extension QueueReader {
    /// Jobs in the order of their numbers.
    public func results(_ filter: ResultFilter = .init(), pageSize: Int = 4000) -> ResultReader {
        ResultReader(reader: self, filter: filter, pageSize: pageSize)
    }

    /// Some jobs in the order of their numbers.
    func page(_ bounded: ResultFilter.Bounded, after: Int64, limit: Int) async throws -> [ExportedJob] {
        let (condition, values) = bounded.condition(after: after)
        return try await rowsByKey(
            "SELECT \(ExportedJob.columns(traced: bounded.filter.isTraced)) FROM glimpq.v_export WHERE \(condition) ORDER BY job_id LIMIT \(limit)",
            values
        ).map(ExportedJob.init)
    }
}
