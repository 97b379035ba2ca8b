public import Postgres

/// A job for export: what it was, how it ended, its result.
public struct ExportedJob: Sendable, Hashable {
    /// Its number.
    public var job: Int64
    /// Name of its batch.
    public var batch: String?
    /// Whether its batch was cancelled.
    public var isBatchCancelled: Bool
    /// The producer's key.
    public var customID: String?
    /// `done`, `failed`, `cancelled` or `quarantined`; another state if it has not ended.
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
        /// Of both models' tokens, those of the thinking; `nil` if the trace is gone or was not asked for.
        public var reasoningTokens: Int?
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

    /// The columns of `glimpq.v_export` in the order in which ``init(_:)`` reads them.
    ///
    /// - Parameter traced: Whether to look into the traces for ``Result/reasoningTokens``.
    static func columns(traced: Bool) -> String {
        """
        job_id, batch, batch_cancelled_at, custom_id, state, strategy, created_at, finished_at, last_error_class,
        last_error_message, reference_answer, metadata, has_result, answer, output, correct, finish_reason,
        thinking_stop, pair, llm_model, strategy_params, steps, llm_steps, prompt_tokens, slm_tokens, llm_tokens,
        \(traced ? "reasoning_tokens" : "NULL::bigint"), probe_tokens, discarded_tokens, active_ns, queue_wait_ms, epoch,
        seed
        """
    }

    init(_ row: Row) throws {
        job = try row.get(0)
        batch = try row.get(1)
        isBatchCancelled = try row.get(2, as: Timestamp?.self) != nil
        customID = try row.get(3)
        state = try row.get(4)
        strategy = try row.get(5)
        createdAt = try row.get(6)
        finishedAt = try row.get(7)
        errorClass = try row.get(8)
        errorMessage = try row.get(9)
        referenceAnswer = try row.get(10)
        metadata = try row.get(11)
        result = try row.get(12) ? Result(row) : nil
    }
}

extension ExportedJob.Result {
    fileprivate init(_ row: Row) throws {
        answer = try row.get(13)
        output = try row.get(14)
        correct = try row.get(15)
        finishReason = try row.get(16)
        thinkingStop = try row.get(17)
        pair = try row.get(18)
        llmModel = try row.get(19)
        strategyParams = try row.get(20)
        steps = try row.get(21)
        llmSteps = try row.get(22)
        promptTokens = try row.get(23)
        slmTokens = try row.get(24)
        llmTokens = try row.get(25)
        reasoningTokens = try row.get(26)
        probeTokens = try row.get(27)
        discardedTokens = try row.get(28)
        activeNanoseconds = try row.get(29)
        queueWaitMilliseconds = try row.get(30)
        epoch = try row.get(31)
        seed = UInt64(bitPattern: try row.get(32))
    }
}
