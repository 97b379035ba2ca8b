public import Generation

/// What came out of a session.
public struct SessionOutcome: Sendable, Hashable {
    /// The answer, white space around it apart.
    public var answer: String
    /// Why thinking ended.
    public var thinkingStop: ThinkingStop
    /// Why the answer ended: `endOfText`, or `length` if it was cut.
    public var answerFinish: FinishReason
    /// The small model's account over all records, resumed ones included.
    public var slm: ModelAccount
    /// The large model's account over all records, resumed ones included.
    public var llm: ModelAccount

    /// What one model contributed and cost.
    public struct ModelAccount: Sendable, Hashable, Codable {
        /// Thinking steps it wrote; a step in several records counts once.
        public var steps = 0
        /// Tokens of its thinking steps that were kept.
        public var thinkingTokens = 0
        /// Tokens of the answer, if it wrote that.
        public var answerTokens = 0
        /// Tokens it wrote that were thrown away.
        public var discardedTokens = 0
        /// Number of probes.
        public var probes = 0
        /// Its work, probes included.
        public var work = ModelWork()

        /// Kept tokens of thinking and answer.
        public var keptTokens: Int { thinkingTokens + answerTokens }
    }

    /// Share of thinking steps that the large model wrote, in 0...1; 0 without steps.
    public var llmStepShare: Double { Self.share(llm.steps, slm.steps) }

    /// Share of kept tokens, answer included, that the large model wrote, in 0...1; 0 without tokens.
    public var llmTokenShare: Double { Self.share(llm.keptTokens, slm.keptTokens) }

    private static func share(_ part: Int, _ other: Int) -> Double {
        part + other > 0 ? Double(part) / Double(part + other) : 0
    }

    /// Sums up a complete trace.
    init(records: [StepRecord], answer: StepRecord, thinkingStop: ThinkingStop) {
        self.answer = answer.text.trimmed()
        self.thinkingStop = thinkingStop
        answerFinish = answer.finish
        slm = ModelAccount()
        llm = ModelAccount()
        for record in records {
            slm.work += record.cost.probe + record.cost.slm
            llm.work += record.cost.llm
            slm.discardedTokens += record.discarded.slm
            llm.discardedTokens += record.discarded.llm
            if record.glimpse != nil { slm.probes += 1 }
            if record.owner == .slm { slm.add(record) } else { llm.add(record) }
        }
    }
}

extension SessionOutcome.ModelAccount {
    fileprivate mutating func add(_ record: StepRecord) {
        switch record.kind {
        case .answer: answerTokens += record.tokens.count
        case .thinking:
            thinkingTokens += record.tokens.count
            if !record.isContinuation { steps += 1 }
        }
    }
}
