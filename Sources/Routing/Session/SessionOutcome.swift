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
    /// Work of judges and scorers.
    public var review = ModelWork()

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

    private subscript(owner: StepOwner) -> ModelAccount {
        get { owner == .slm ? slm : llm }
        set { if owner == .slm { slm = newValue } else { llm = newValue } }
    }

    /// Sums up a complete trace.
    init(records: [StepRecord], answer: StepRecord, thinkingStop: ThinkingStop) {
        let text = answer.decision.rule == .lastStep ? records.live.dropLast().last?.text ?? "" : answer.text
        self.answer = text.trimmed()
        self.thinkingStop = thinkingStop
        answerFinish = answer.finish
        slm = ModelAccount()
        llm = ModelAccount()
        for record in records {
            slm.work += record.cost.probe + record.cost.slm + record.cost.slmTrial
            llm.work += record.cost.llm + record.cost.llmTrial
            review += record.cost.review
            slm.discardedTokens += record.discarded.slm
            llm.discardedTokens += record.discarded.llm
            if record.glimpse != nil { slm.probes += 1 }
        }
        for owner in StepOwner.allCases {
            for record in records.live { self[owner].add(record, of: owner) }
        }
        // What was taken back was written in vain.
        let counting = Set(records.live.map(\.index))
        for record in records where !counting.contains(record.index) {
            slm.discardedTokens += record.tokenCount(of: .slm)
            llm.discardedTokens += record.tokenCount(of: .llm)
        }
    }
}

extension SessionOutcome.ModelAccount {
    fileprivate mutating func add(_ record: StepRecord, of owner: StepOwner) {
        switch record.kind {
        case .answer: answerTokens += record.tokenCount(of: owner)
        case .thinking:
            thinkingTokens += record.tokenCount(of: owner)
            if record.owner == owner, !record.isContinuation { steps += 1 }
        }
    }
}
