internal import FoundationEssentials
internal import Postgres

extension QueueClient {
    /// What became of a result.
    public enum Verdict: String, Sendable, Hashable {
        /// Stored now.
        case accepted
        /// Stored by an earlier call, whose reply was lost.
        case duplicate
        /// Dropped: someone else has claimed the job since, or it was cancelled.
        case stale
        /// Not stored, for rows of its trace are missing (``FinishedJob/traceRows``): write them again, then ask again.
        case untraced
    }

    /// Stores results and ends their jobs, in one statement. Flush their traces first (``TraceWriter/flush(_:)``).
    ///
    /// - Returns: What became of each.
    public func finish(_ jobs: [FinishedJob]) async throws -> [JobLease: Verdict] {
        guard !jobs.isEmpty else { return [:] }
        // Rows are locked in this order: no two calls wait for each other.
        let columns = FinishedJob.columns(jobs.map(\.storable).sorted { $0.job < $1.job })
        return try await work.run("finish") { connection in
            var verdicts: [JobLease: Verdict] = [:]
            let rows = try await connection.query(
                prepared: "SELECT * FROM glimpq.finish_v4(\(FinishedJob.placeholders))", columns)
            for row in rows {
                let lease = JobLease(job: try row.get("job_id"), epoch: try row.get("epoch"))
                verdicts[lease] = Verdict(rawValue: try row.get("verdict"))
            }
            return verdicts
        }
    }

    /// Ends attempts that failed.
    ///
    /// - Returns: The state of each job that was still this attempt's: `ready`, `delayed`, `failed` or `cancelled`.
    public func fail(_ jobs: [FailedJob]) async throws -> [Int64: String] {
        guard !jobs.isEmpty else { return [:] }
        let json = String(decoding: try JSONEncoder().encode(jobs.map(\.wire)), as: UTF8.self)
        return try await work.run("fail") { connection in
            var states: [Int64: String] = [:]
            for row in try await connection.query(prepared: "SELECT * FROM glimpq.fail_v1($1)", [json]) {
                states[try row.get("job_id")] = try row.get("state", as: String.self)
            }
            return states
        }
    }
}
