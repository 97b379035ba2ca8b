public import Generation

/// How a job thinks and answers, apart from who writes which step.
public struct ReasoningSettings: Sendable, Hashable {
    /// How tokens of thinking steps are drawn.
    public var thinkingSampling = SamplingParameters()
    /// How tokens of the answer are drawn.
    public var answerSampling = SamplingParameters()
    /// Most tokens of all thinking steps together.
    public var maximumThinkingTokens = 8192
    /// Most tokens that one request for a step generates; a longer step goes on in a further record.
    public var maximumStepTokens = 512
    /// Most thinking records.
    public var maximumSteps = 1024
    /// Most tokens of the answer.
    public var maximumAnswerTokens = 2048
    /// Largest share of the thinking tokens that the large model may have written when it is given a further step, in
    /// 0...1; `nil`: any. The step that crosses the limit is finished.
    public var maximumLLMShare: Double?
    /// Who writes the answer.
    public var finalizer = Finalizer.llm
    /// How an answer is compared with the reference.
    public var grader = Grader.exact

    /// Who writes the answer.
    public enum Finalizer: String, Sendable, Hashable, CaseIterable {
        /// The large model.
        case llm
        /// The small model.
        case slm
        /// The model that wrote the last step.
        case owner
    }

    /// The defaults: sampling and budgets of the GlimpRouter paper and its official code.
    public init() {}

    /// Takes its keys out of a job's parameters.
    ///
    /// - Parameter finalizer: Who writes the answer if the parameters do not say.
    init(_ reader: inout ParameterReader, finalizer defaultFinalizer: Finalizer) throws(SpecificationError) {
        let temperature = { (value: Double) in (0...100).contains(value) }
        thinkingSampling = SamplingParameters(
            temperature: try reader.number("temperature", expected: "a number in 0...100", where: temperature) ?? 0.6,
            topP: try reader.number("top_p", expected: "a number above 0, at most 1") { $0 > 0 && $0 <= 1 } ?? 0.95,
            topK: try reader.integer("top_k", in: 0...1_000_000) ?? 0,
            minP: try reader.number("min_p", expected: "a number in 0...1") { (0...1).contains($0) } ?? 0)
        answerSampling = thinkingSampling
        if let own = try reader.number("answer_temperature", expected: "a number in 0...100", where: temperature) {
            answerSampling.temperature = own
        }
        maximumThinkingTokens = try reader.integer("max_thinking_tokens", in: 1...10_000_000) ?? maximumThinkingTokens
        maximumStepTokens = try reader.integer("max_step_tokens", in: 1...10_000_000) ?? maximumStepTokens
        maximumSteps = try reader.integer("max_steps", in: 1...1_000_000) ?? maximumSteps
        maximumAnswerTokens = try reader.integer("max_answer_tokens", in: 1...10_000_000) ?? maximumAnswerTokens
        maximumLLMShare = try reader.number("max_llm_share", expected: "a number in 0...1") { (0...1).contains($0) }
        finalizer = try reader.name("finalizer", as: Finalizer.self) ?? defaultFinalizer
        if let value = reader.value("grader") { grader = try Grader(value) }
    }
}

extension ReasoningSettings {
    /// Whether the large model has had its share.
    func isLLMShareSpent(by records: [StepRecord]) -> Bool {
        guard let limit = maximumLLMShare, limit < 1 else { return false }
        return limit == 0 || (records.thinkingTokens > 0 && records.llmShare >= limit)
    }
}

extension [StepRecord] {
    /// Share of the thinking tokens that the large model wrote; 0 without tokens.
    var llmShare: Double {
        let all = thinkingTokens
        let llm = reduce(0) { $1.kind == .thinking ? $0 + $1.tokenCount(of: .llm) : $0 }
        return all > 0 ? Double(llm) / Double(all) : 0
    }
}
