internal import Postgres

/// Jobs that ended without a result, counted by how.
public struct EndedJobs: Sendable, Hashable {
    /// `failed`, `cancelled` or `quarantined`.
    public var state: String
    /// Class of their last error.
    public var errorClass: String?
    /// How many.
    public var count: Int
}

extension QueueReader {
    /// Jobs that ended without a result.
    ///
    /// - Parameter batch: Name of a batch; `nil` takes all.
    /// - Throws: `PostgresError`.
    public func endedBadly(batch: String?) async throws -> [EndedJobs] {
        try await rows("SELECT * FROM glimpq.ended_badly_v1($1)", [batch]).map { row in
            EndedJobs(
                state: try row.get("state"), errorClass: try row.get("error_class"), count: try row.get("jobs"))
        }
    }
}
