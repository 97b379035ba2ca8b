internal import Postgres

extension QueueClient {
    /// Whether the queues have jobs that are ready, delayed, or running on any worker.
    public func hasOpenJobs(queues: [String]) async throws -> Bool {
        try await repeatedly("open jobs") { connection in
            try await connection.query(prepared: "SELECT glimpq.open_jobs_v1($1)", [queues]).one().get(0)
        }
    }
}
