/// The result of a job, ready to be stored.
public struct FinishedJob: Sendable, Hashable, Codable {
    /// The job.
    public var job: Int64
    /// The claim under which it was done.
    public var epoch: Int64
    /// Time in which models worked on it, in nanoseconds, steps of earlier attempts included.
    public var activeNanoseconds: Int64 = 0
    /// Parameters of the small model.
    public var slmParameters: Int?
    /// Parameters of the large model.
    public var llmParameters: Int?
    /// Tokens of the prompt.
    public var promptTokens = 0
    /// Thinking steps, the answer not counted.
    public var steps = 0
    /// Of these, written by the large model.
    public var llmSteps = 0
    /// Tokens the small model generated and that were kept, answer included.
    public var slmTokens = 0
    /// Tokens the large model generated and that were kept, answer included.
    public var llmTokens = 0
    /// Tokens the small model generated and that were thrown away.
    public var slmDiscardedTokens = 0
    /// Tokens the large model generated and that were thrown away.
    public var llmDiscardedTokens = 0
    /// Probes made, one forward pass of the small model each.
    public var probeTokens = 0
    /// Context tokens that the small model had to compute.
    public var slmPrefillTokens = 0
    /// Context tokens that the large model had to compute.
    public var llmPrefillTokens = 0
    /// Rows that the trace must have in the database, earlier attempts' included, before the result may be stored.
    public var traceRows = 0
    /// Rows of the trace that could not be stored.
    public var traceRowsDropped = 0
    /// Whether the answer agrees with the reference answer; `nil` without one.
    public var correct: Bool?
    /// Why the answer stopped.
    public var finishReason: String
    /// Why the thinking stopped.
    public var thinkingStop: String?
    /// What makes this variant of the strategy (e.g. its threshold), a JSON object; views group by it.
    public var strategyParams = "{}"
    /// Name of the model pair that worked.
    public var pair: String
    /// Name of the small model.
    public var slmModel: String?
    /// Name of the large model.
    public var llmModel: String?
    /// Fingerprint of the small model's weights.
    public var slmFingerprint: String?
    /// Fingerprint of the large model's weights.
    public var llmFingerprint: String?
    /// The program that computed it.
    public var engineVersion: String
    /// The parameters in force, a JSON object.
    public var params = "{}"
    /// The final answer, extracted.
    public var answer: String?
    /// The whole text: thinking and answer.
    public var output: String
    /// Steps that this attempt wrote itself, the answer's row included.
    public var stepsWritten = 0
    /// Tokens that this attempt generated, discarded ones included.
    public var attemptTokens: Int64 = 0

    /// Creates a result with zero counts.
    public init(_ lease: JobLease, output: String, finishReason: String, pair: String, engineVersion: String) {
        job = lease.job
        epoch = lease.epoch
        self.output = output
        self.finishReason = finishReason
        self.pair = pair
        self.engineVersion = engineVersion
    }

    /// Job and epoch.
    public var lease: JobLease { JobLease(job: job, epoch: epoch) }

    /// The result with texts that PostgreSQL can store.
    var storable: FinishedJob {
        var copy = self
        copy.output = StoredText.sanitized(output)
        copy.answer = answer.map(StoredText.sanitized)
        return copy
    }

    private enum CodingKeys: String, CodingKey {
        case job = "job_id"
        case epoch
        case activeNanoseconds = "active_ns"
        case slmParameters = "slm_parameters"
        case llmParameters = "llm_parameters"
        case promptTokens = "prompt_tokens"
        case steps
        case llmSteps = "llm_steps"
        case slmTokens = "slm_tokens"
        case llmTokens = "llm_tokens"
        case slmDiscardedTokens = "slm_discarded_tokens"
        case llmDiscardedTokens = "llm_discarded_tokens"
        case probeTokens = "probe_tokens"
        case slmPrefillTokens = "slm_prefill_tokens"
        case llmPrefillTokens = "llm_prefill_tokens"
        case traceRows = "trace_rows"
        case traceRowsDropped = "trace_rows_dropped"
        case correct
        case finishReason = "finish_reason"
        case thinkingStop = "thinking_stop"
        case strategyParams = "strategy_params"
        case pair
        case slmModel = "slm_model"
        case llmModel = "llm_model"
        case slmFingerprint = "slm_fingerprint"
        case llmFingerprint = "llm_fingerprint"
        case engineVersion = "engine_version"
        case params, answer, output
        case stepsWritten = "steps_written"
        case attemptTokens = "attempt_tokens"
    }
}
