import Queue

/// A job that has ended as names and values, in the order of columns.
struct ResultRecord {
    /// A value in both forms.
    struct Value {
        /// As JSON text.
        let json: String
        /// As plain text; empty if there is none.
        let text: String

        init(_ text: String?) {
            json = text.map(JSONText.string) ?? "null"
            self.text = text ?? ""
        }

        init(_ number: (some BinaryInteger)?) {
            json = number.map { "\($0)" } ?? "null"
            text = number.map { "\($0)" } ?? ""
        }

        init(_ flag: Bool?) {
            json = flag.map { "\($0)" } ?? "null"
            text = flag.map { "\($0)" } ?? ""
        }

        /// A text that is JSON already.
        init(json: String?) {
            self.json = json ?? "null"
            text = json ?? ""
        }
    }

    /// Names and values.
    let members: [(name: String, value: Value)]

    /// The names of the columns.
    static var names: [String] { columns.map(\.name) }

    init(_ job: ExportedJob) {
        members = Self.columns.map { ($0.name, $0.value(job, job.result)) }
    }

    private typealias Column = (name: String, value: @Sendable (ExportedJob, ExportedJob.Result?) -> Value)

    private static let columns: [Column] = [
        ("job_id", { job, _ in Value(job.job) }),
        ("batch", { job, _ in Value(job.batch) }),
        ("custom_id", { job, _ in Value(job.customID) }),
        ("state", { job, _ in Value(job.state) }),
        ("strategy", { job, _ in Value(job.strategy) }),
        ("strategy_params", { _, result in Value(json: result?.strategyParams) }),
        ("pair", { _, result in Value(result?.pair) }),
        ("answer", { _, result in Value(result?.answer) }),
        ("reference_answer", { job, _ in Value(job.referenceAnswer) }),
        ("correct", { _, result in Value(result?.correct) }),
        ("finish_reason", { _, result in Value(result?.finishReason) }),
        ("thinking_stop", { _, result in Value(result?.thinkingStop) }),
        ("steps", { _, result in Value(result?.steps) }),
        ("llm_steps", { _, result in Value(result?.llmSteps) }),
        ("prompt_tokens", { _, result in Value(result?.promptTokens) }),
        ("slm_tokens", { _, result in Value(result?.slmTokens) }),
        ("llm_tokens", { _, result in Value(result?.llmTokens) }),
        ("probe_tokens", { _, result in Value(result?.probeTokens) }),
        ("discarded_tokens", { _, result in Value(result?.discardedTokens) }),
        (
            "active_ms",
            { _, result in Value(json: result.map { JSONText.rounded(Double($0.activeNanoseconds) / 1e6) }) }
        ),
        ("queue_wait_ms", { _, result in Value(result?.queueWaitMilliseconds) }),
        ("attempts", { _, result in Value(result?.epoch) }),
        ("seed", { _, result in Value(result?.seed) }),
        ("created_at", { job, _ in Value(job.createdAt.text) }),
        ("finished_at", { job, _ in Value(job.finishedAt?.text) }),
        ("error_class", { job, _ in Value(job.errorClass) }),
        ("error_message", { job, _ in Value(job.errorMessage) }),
        ("metadata", { job, _ in Value(json: job.metadata) }),
        ("output", { _, result in Value(result?.output) }),
    ]
}
