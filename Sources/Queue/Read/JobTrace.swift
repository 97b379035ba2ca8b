public import Postgres

/// Everything about one job: what it asks, who worked on it, the steps of its winning chain, its result.
public struct JobTrace: Sendable, Hashable {
    /// The job's state: `ready`, `running`, `done`, …
    public var state: String
    /// The problem as text.
    public var prompt: String?
    /// The problem as messages, a JSON array.
    public var messages: String?
    /// Its parameters, a JSON object.
    public var params: String
    /// State, error and result; its result is `nil` while the job is open.
    public var job: ExportedJob
    /// Who worked on it, in order.
    public var attempts: [Attempt]
    /// The winning chain so far, in order.
    public var rows: [TraceRow]

    /// One attempt.
    public struct Attempt: Sendable, Hashable {
        /// The claim.
        public var epoch: Int64
        /// Who.
        public var worker: Int64
        /// On which machine.
        public var host: String?
        /// From when.
        public var startedAt: Timestamp
        /// Until when.
        public var endedAt: Timestamp?
        /// `done`, `failed`, `released`, `lost` or `cancelled`; `nil` while it runs.
        public var outcome: String?
        /// Why it failed.
        public var errorClass: String?
        /// What happened.
        public var errorMessage: String?
        /// Whose steps it took over.
        public var resumedFromEpoch: Int64?
        /// The first step it did itself.
        public var resumedAtStep: Int
        /// Steps it wrote.
        public var stepsWritten: Int
    }
}

extension QueueReader {
    /// The number of the job with a custom_id; `nil` if its batch has none.
    ///
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func job(customID: String, batch: String) async throws -> Int64? {
        let job = try await rows(
            "SELECT job_id FROM glimpq.v_job WHERE batch = $1 AND custom_id = $2", [batch, customID]
        ).oneOrNone()
        guard let job else {
            _ = try await overview(batch: batch, exact: 0)
            return nil
        }
        return try job.get(0)
    }

    /// Everything about one job; `nil` if there is none of this number.
    ///
    /// - Throws: `PostgresError`.
    public func trace(_ job: Int64) async throws -> JobTrace? {
        guard
            let row = try await rows(
                "SELECT \(ExportedJob.columns(traced: true)) FROM glimpq.v_export WHERE job_id = $1", [job]
            )
            .oneOrNone()
        else {
            return nil
        }
        let prompt = try await rows("SELECT * FROM glimpq.v_prompt WHERE job_id = $1", [job]).one()
        let attempts = try await rows("SELECT * FROM glimpq.v_attempt WHERE job_id = $1 ORDER BY epoch", [job])
        let steps = try await rows("SELECT * FROM glimpq.v_trace WHERE job_id = $1 ORDER BY seq", [job])
        return JobTrace(
            state: try row.get("state"), prompt: try prompt.get("prompt"), messages: try prompt.get("messages"),
            params: try prompt.get("params"), job: try ExportedJob(row),
            attempts: try attempts.map(JobTrace.Attempt.init),
            rows: try steps.map(TraceRow.init))
    }
}

extension JobTrace.Attempt {
    fileprivate init(_ row: Row) throws {
        epoch = try row.get("epoch")
        worker = try row.get("worker_id")
        host = try row.get("host")
        startedAt = try row.get("started_at")
        endedAt = try row.get("ended_at")
        outcome = try row.get("outcome")
        errorClass = try row.get("error_class")
        errorMessage = try row.get("error_message")
        resumedFromEpoch = try row.get("resumed_from_epoch")
        resumedAtStep = try row.get("resumed_at_step")
        stepsWritten = try row.get("steps_written")
    }
}
