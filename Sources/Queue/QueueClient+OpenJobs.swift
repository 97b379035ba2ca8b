internal import Postgres

extension QueueClient {
    /// Whether the queues have jobs of these pairs (or without one) that are ready, delayed, or running on any worker.
    public func hasOpenJobs(queues: [String], pairs: [String]) async throws -> Bool {
        try await repeatedly("open jobs") { connection in
            try await connection.query(prepared: "SELECT glimpq.open_jobs_v1($1, $2)", [queues, pairs]).one().get(0)
        }
    }
}
