public import Postgres

/// A job that has ended, for export.
public struct ExportedJob: Sendable, Hashable {
    /// Its number.
    public var job: Int64
    /// Name of its batch.
    public var batch: String?
    /// The producer's key.
    public var customID: String?
    /// `done`, `failed`, `cancelled` or `quarantined`.
    public var state: String
    /// Name of the strategy.
    public var strategy: String
    /// When it was enqueued.
    public var createdAt: Timestamp
    /// When it ended.
    public var finishedAt: Timestamp?
    /// Class of the last error.
    public var errorClass: String?
    /// Text of the last error.
    public var errorMessage: String?
    /// What the answer should be.
    public var referenceAnswer: String?
    /// The producer's JSON object.
    public var metadata: String?
    /// The result of a job that is done.
    public var result: Result?

    /// The accepted result.
    public struct Result: Sendable, Hashable {
        /// The final answer, extracted.
        public var answer: String?
        /// The whole text: thinking and answer.
        public var output: String
        /// Whether the answer is right; `nil` if it was not graded.
        public var correct: Bool?
        /// Why the answer stopped.
        public var finishReason: String
        /// Why the thinking stopped.
        public var thinkingStop: String?
        /// Name of the model pair.
        public var pair: String
        /// Name of the large model.
        public var llmModel: String?
        /// What makes this variant of the strategy, a JSON object.
        public var strategyParams: String
        /// Thinking steps.
        public var steps: Int
        /// Of these, the large model's.
        public var llmSteps: Int
        /// Tokens of the prompt.
        public var promptTokens: Int
        /// Tokens the small model wrote.
        public var slmTokens: Int
        /// Tokens the large model wrote.
        public var llmTokens: Int
        /// Probes.
        public var probeTokens: Int
        /// Tokens thrown away.
        public var discardedTokens: Int
        /// Time in which models worked, in nanoseconds.
        public var activeNanoseconds: Int64
        /// From insertion to the first claim, in milliseconds.
        public var queueWaitMilliseconds: Int64
        /// The claim that produced it.
        public var epoch: Int64
        /// Seed of its random draws.
        public var seed: UInt64
    }

    /// What ``init(_:)`` reads.
    static let query = """
        SELECT j.job_id, j.batch, j.custom_id, j.state, j.strategy, j.created_at, j.finished_at, j.last_error_class,
            j.last_error_message, j.reference_answer, j.metadata, r.job_id IS NOT NULL AS has_result, r.answer, r.output,
            r.correct, r.finish_reason, r.thinking_stop, r.pair, r.llm_model, r.strategy_params, r.steps, r.llm_steps,
            r.prompt_tokens, r.slm_tokens, r.llm_tokens, r.probe_tokens,
            r.slm_discarded_tokens + r.llm_discarded_tokens AS discarded_tokens, r.active_ns, r.queue_wait_ms, r.epoch,
            r.seed
        FROM glimpq.v_job j LEFT JOIN glimpq.v_result r ON r.job_id = j.job_id
        """

    init(_ row: Row) throws {
        job = try row.get("job_id")
        batch = try row.get("batch")
        customID = try row.get("custom_id")
        state = try row.get("state")
        strategy = try row.get("strategy")
        createdAt = try row.get("created_at")
        finishedAt = try row.get("finished_at")
        errorClass = try row.get("last_error_class")
        errorMessage = try row.get("last_error_message")
        referenceAnswer = try row.get("reference_answer")
        metadata = try row.get("metadata")
        result = try row.get("has_result") ? Result(row) : nil
    }
}

extension ExportedJob.Result {
    fileprivate init(_ row: Row) throws {
        answer = try row.get("answer")
        output = try row.get("output")
        correct = try row.get("correct")
        finishReason = try row.get("finish_reason")
        thinkingStop = try row.get("thinking_stop")
        pair = try row.get("pair")
        llmModel = try row.get("llm_model")
        strategyParams = try row.get("strategy_params")
        steps = try row.get("steps")
        llmSteps = try row.get("llm_steps")
        promptTokens = try row.get("prompt_tokens")
        slmTokens = try row.get("slm_tokens")
        llmTokens = try row.get("llm_tokens")
        probeTokens = try row.get("probe_tokens")
        discardedTokens = try row.get("discarded_tokens")
        activeNanoseconds = try row.get("active_ns")
        queueWaitMilliseconds = try row.get("queue_wait_ms")
        epoch = try row.get("epoch")
        seed = UInt64(bitPattern: try row.get("seed"))
    }
}
