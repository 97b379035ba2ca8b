internal import Postgres

/// What a variant of a strategy achieved and cost.
public struct StrategyReport: Sendable, Hashable {
    /// Name of the strategy.
    public var strategy: String
    /// What makes the variant, a JSON object.
    public var strategyParams: String
    /// Name of the model pair.
    public var pair: String
    /// Jobs with a result.
    public var jobs: Int
    /// Results that were graded.
    public var graded: Int
    /// Results that are right.
    public var correct: Int
    /// Share of right ones; `nil` if none was graded.
    public var accuracy: Double?
    /// Lower end of its 95 % interval (Wilson).
    public var accuracyLow: Double?
    /// Upper end of its 95 % interval (Wilson).
    public var accuracyHigh: Double?
    /// Thinking steps.
    public var steps: Int
    /// Of these, the large model's.
    public var llmSteps: Int
    /// Their share.
    public var llmStepShare: Double?
    /// Tokens the small model wrote.
    public var slmTokens: Int
    /// Tokens the large model wrote.
    public var llmTokens: Int
    /// The large model's share of tokens.
    public var llmTokenShare: Double?
    /// Probes.
    public var probeTokens: Int
    /// Tokens thrown away.
    public var discardedTokens: Int
    /// Time in which models worked.
    public var activeSeconds: Double
    /// Parameters × tokens per job, for generated, discarded and probe tokens.
    public var computePerJob: Double
    /// The same relative to the strategy `llm` of the same pair; `nil` without one.
    public var computeRelativeToLLM: Double?
    /// The same with context tokens counted in, on both sides.
    public var totalComputeRelativeToLLM: Double?
    /// From the first claim to the last result.
    public var wallSeconds: Double
    /// Results per minute of that time.
    public var problemsPerMinute: Double?

    init(_ row: Row) throws {
        strategy = try row.get("strategy")
        strategyParams = try row.get("strategy_params")
        pair = try row.get("pair")
        jobs = try row.get("jobs")
        graded = try row.get("graded")
        correct = try row.get("correct")
        accuracy = try row.get("accuracy")
        accuracyLow = try row.get("accuracy_low")
        accuracyHigh = try row.get("accuracy_high")
        steps = try row.get("steps")
        llmSteps = try row.get("llm_steps")
        llmStepShare = try row.get("llm_step_share")
        slmTokens = try row.get("slm_tokens")
        llmTokens = try row.get("llm_tokens")
        llmTokenShare = try row.get("llm_token_share")
        probeTokens = try row.get("probe_tokens")
        discardedTokens = try row.get("discarded_tokens")
        activeSeconds = try row.get("active_seconds")
        computePerJob = try row.get("compute_per_job")
        computeRelativeToLLM = try row.get("compute_relative_to_llm")
        totalComputeRelativeToLLM = try row.get("total_compute_relative_to_llm")
        wallSeconds = try row.get("wall_seconds")
        problemsPerMinute = try row.get("problems_per_minute")
    }
}

/// What another threshold would have done to the stored traces of a strategy.
public struct WhatIf: Sendable, Hashable {
    /// Name of the strategy.
    public var strategy: String
    /// Steps whose first-token entropy is known.
    public var probedSteps: Int
    /// Of these, the large model's.
    public var llmSteps: Int
    /// Of these, those that the large model would have got.
    public var llmStepsThen: Int
}

extension QueueReader {
    /// Accuracy, share of the large model, compute and pace by strategy and its parameters, over some batches together.
    ///
    /// - Parameter batches: Their names; `nil` takes all.
    /// - Throws: `PostgresError`.
    public func strategyReport(batches: [String]? = nil) async throws -> [StrategyReport] {
        let values: [any PostgresEncodable] = batches.map { [$0] } ?? []
        let argument = batches == nil ? "NULL" : "$1"
        return try await rows("SELECT * FROM glimpq.strategy_report(\(argument))", values).map(StrategyReport.init)
    }

    /// How many probed steps another threshold would have given to the large model.
    ///
    /// - Parameters:
    ///   - batch: Name of a batch; `nil` takes all.
    ///   - threshold: In nats; a step above it goes to the large model.
    /// - Throws: `PostgresError`.
    public func whatIf(batch: String?, threshold: Double) async throws -> [WhatIf] {
        try await rows("SELECT * FROM glimpq.what_if($1, $2)", [batch, threshold]).map { row in
            WhatIf(
                strategy: try row.get("strategy"), probedSteps: try row.get("probed_steps"),
                llmSteps: try row.get("llm_steps"), llmStepsThen: try row.get("llm_steps_then"))
        }
    }
}
