import Generation

/// What a writer, a verifier or an early exit works with at one step.
struct StepContext: Sendable {
    /// What is being written.
    enum Phase: Sendable, Hashable {
        case thinking, answer
    }

    /// The models.
    let pair: ModelPair
    /// The names of the job's sequences in them.
    let sequences: SessionSequences
    /// Sampling and budgets.
    let settings: ReasoningSettings
    /// The records before the step that count.
    let history: [StepRecord]
    /// Coordinates of the step's random draws.
    let randomness: Randomness
    /// Most tokens that may be generated: what step limit, budget and context windows leave.
    let tokenLimit: Int
    /// What is being written.
    let phase: Phase
    /// Whether the large model may write no more thinking steps (``ReasoningSettings/maximumLLMShare``).
    var isLLMShareSpent = false
    /// Text of the record before, where that was cut at its length limit and this one goes on with the step; else empty.
    var unfinished = ""
    /// Whether the end-of-thinking tag ends a step; where it does not, it is left out of what is written.
    var thinkingEndCounts = true

    private var slm: [TokenID]
    private var llm: [TokenID]

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - slm: What the small model has to read; empty if it does not take part.
    ///   - llm: The same of the large model.
    init(
        pair: ModelPair, sequences: SessionSequences, settings: ReasoningSettings, history: [StepRecord],
        randomness: Randomness, tokenLimit: Int, phase: Phase, slm: [TokenID], llm: [TokenID]
    ) {
        self.pair = pair
        self.sequences = sequences
        self.settings = settings
        self.history = history
        self.randomness = randomness
        self.tokenLimit = tokenLimit
        self.phase = phase
        self.slm = slm
        self.llm = llm
    }

    /// Prompt and steps so far in the vocabulary of a model; for the answer with thinking closed.
    func tokens(for owner: StepOwner) -> [TokenID] { owner == .slm ? slm : llm }

    /// The context behind tokens that a model wrote in this step; both models must read the same ids.
    func extended(by tokens: [TokenID]) -> StepContext {
        var copy = self
        if !slm.isEmpty { copy.slm += tokens }
        if !llm.isEmpty { copy.llm += tokens }
        return copy
    }

    /// The context behind what an owner wrote, for the owner alone.
    func extended(by tokens: [TokenID], of owner: StepOwner) -> StepContext {
        if pair.exchangesTokens { return extended(by: tokens) }
        var copy = self
        if owner == .slm { copy.slm += tokens } else { copy.llm += tokens }
        return copy
    }

    /// Tokens that a model's window has left behind what it reads.
    func room(for owner: StepOwner) -> Int { pair[owner].identity.contextLength - tokens(for: owner).count }

    /// Where a model stops.
    func stop(for owner: StepOwner) -> StopCondition {
        switch phase {
        case .thinking:
            StopCondition(
                delimiter: "\n\n",
                thinkingEnd: thinkingEndCounts ? .init(token: pair[owner].vocabulary.thinkingEnd) : nil)
        case .answer: .endOfText
        }
    }

    /// How tokens are drawn.
    var sampling: SamplingParameters {
        phase == .thinking ? settings.thinkingSampling : settings.answerSampling
    }

    /// The request for the whole step, or for what is left of it.
    ///
    /// - Parameters:
    ///   - owner: Who writes.
    ///   - written: Tokens of this step that stand already, in the owner's vocabulary.
    func request(for owner: StepOwner, written: [TokenID] = []) -> GenerationRequest {
        var request = GenerationRequest(
            sequence: sequences[owner], context: tokens(for: owner) + written,
            maximumTokens: tokenLimit - written.count, stop: stop(for: owner), sampling: sampling,
            randomness: randomness)
        request.written = written.count
        return request
    }
}
