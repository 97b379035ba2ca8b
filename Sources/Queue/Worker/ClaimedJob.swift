public import Postgres

/// A job that this worker has claimed.
public struct ClaimedJob: Sendable, Hashable {
    /// Job and epoch, which every write about it names.
    public var lease: JobLease
    /// Its batch.
    public var batchID: Int64?
    /// The producer's key.
    public var customID: String?
    /// Partition of its trace: the day it was created.
    public var day: Day
    /// The queue it came from.
    public var queue: String
    /// Higher goes first.
    public var priority: Int
    /// The problem as text; `nil` if ``messages`` has it.
    public var prompt: String?
    /// The problem as JSON: an array of `{"role", "content"}`; `nil` if ``prompt`` has it.
    public var messages: String?
    /// Parameters of strategy, sampling and budgets: a JSON object.
    public var params: String
    /// Name of the model pair; `nil` takes the worker's default.
    public var pair: String?
    /// Name of the strategy; not checked by the database.
    public var strategy: String
    /// Seed of all random draws.
    public var seed: UInt64
    /// What the answer should be.
    public var referenceAnswer: String?
    /// The producer's JSON object.
    public var metadata: String?
    /// Number of this attempt, from 1, not counting those that were given back.
    public var attempt: Int
    /// How many attempts the job has.
    public var maximumAttempts: Int
    /// Infrastructure failures so far.
    public var infrastructureFailures: Int
    /// The job is suspected of killing workers: it must run alone, and this worker gets nothing else meanwhile.
    public var isIsolated: Bool
    /// Time until its deadline when it was claimed; `nil` if it has none.
    public var remaining: Duration?
    /// Whether someone asked to cancel it before it could start.
    public var cancelRequested: Bool

    /// Whether an earlier attempt may have left finished steps; ``QueueClient/loadResume(_:worker:)`` has them.
    public var mayResume: Bool { lease.epoch > 1 }

    /// Creates the claim of a plain job: first attempt, nothing optional.
    public init(_ lease: JobLease, day: Day, prompt: String) {
        self.lease = lease
        self.day = day
        self.prompt = prompt
        queue = "default"
        priority = 0
        params = "{}"
        strategy = "glimprouter"
        seed = UInt64(bitPattern: lease.job)
        attempt = 1
        maximumAttempts = 3
        infrastructureFailures = 0
        isIsolated = false
        cancelRequested = false
    }

    /// Reads a row of `claim_v2`.
    init(_ row: Row) throws {
        lease = JobLease(job: try row.get("job_id"), epoch: try row.get("epoch"))
        batchID = try row.get("batch_id")
        customID = try row.get("custom_id")
        day = try row.get("day")
        queue = try row.get("queue")
        priority = try row.get("priority")
        prompt = try row.get("prompt")
        messages = try row.get("messages")
        params = try row.get("params")
        pair = try row.get("pair")
        strategy = try row.get("strategy")
        seed = UInt64(bitPattern: try row.get("seed"))
        referenceAnswer = try row.get("reference_answer")
        metadata = try row.get("metadata")
        attempt = try row.get("attempt")
        maximumAttempts = try row.get("max_attempts")
        infrastructureFailures = try row.get("infra_fails")
        isIsolated = try row.get("isolated")
        remaining = try row.get("seconds_left", as: Double?.self).map { .seconds($0) }
        cancelRequested = try row.get("cancel_requested")
    }
}
