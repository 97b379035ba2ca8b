import Generation

/// How far a session has come: its records and what each model has read. Everything that happens next follows from it.
struct SessionTrace {
    let settings: ReasoningSettings
    let pair: ModelPair
    private let exitRules: [any ExitRule]
    private let recovery: (any RecoveryRule)?
    private let participants: Set<StepOwner>
    /// All records.
    private(set) var records: [StepRecord] = []
    /// Those that count.
    private(set) var live: [StepRecord] = []
    /// Index of the first record whose place the next one takes; `nil` if it follows the last one.
    private(set) var pendingRollback: Int?
    private var rollbacks = 0
    private(set) var transcript: Transcript
    /// Why thinking is over; `nil` while it goes on.
    private(set) var thinkingStop: ThinkingStop?

    /// The trace of a new job, or of one that goes on from records.
    ///
    /// - Throws: `ModelError` if the conversation cannot be rendered or leaves no room to think and answer.
    init(specification: JobSpecification, pair: ModelPair, records: [StepRecord]) throws {
        settings = specification.settings
        self.pair = pair
        exitRules = specification.strategy.exitRules
        recovery = specification.strategy.recovery
        participants = specification.participants
        transcript = try Transcript(specification.conversation, pair: pair, readers: participants)
        _ = try tokenLimit()
        for record in records { append(record) }
    }

    /// The answer, once it is there.
    var answer: StepRecord? { records.last?.kind == .answer ? records.last : nil }

    /// The record that was cut by its length limit and whose step goes on.
    var unfinishedStep: StepRecord? {
        pendingRollback == nil && records.last?.finish == .length ? records.last : nil
    }

    /// Whether a step was cut behind the first half of its delimiter. Its next record is then one token long, as a
    /// model looks for the delimiter only in what it generates itself.
    var mayCompleteDelimiter: Bool { unfinishedStep?.text.utf8.last == UInt8(ascii: "\n") }

    /// Adds the next record.
    mutating func append(_ record: StepRecord) {
        records.append(record)
        // A trace that was written under other rules says itself where it went back.
        if let first = record.details.rollback, pendingRollback != first { goBack(to: first) }
        pendingRollback = nil
        guard record.kind == .thinking else { return }
        live.append(record)
        transcript.append(record)
        let stop = stopReason
        let first = recovery?.recover(live, prior: pair.priorEntropies, rollbacks: rollbacks, stop: stop)
        if let first, first <= record.index, isWithinBudget {
            goBack(to: first)
            pendingRollback = first
        } else {
            thinkingStop = stop ?? (room.tokens < 1 ? .contextFull : nil)
        }
    }

    private var stopReason: ThinkingStop? {
        for rule in exitRules {
            let seen = rule.countsReplaced ? records : live
            if let stop = rule.stop(after: seen, settings: settings) { return stop }
        }
        return nil
    }

    private var isWithinBudget: Bool { BudgetRule().stop(after: records, settings: settings) == nil }

    private mutating func goBack(to first: Int) {
        guard live.contains(where: { $0.index == first }) else { return }
        live.removeAll { $0.index >= first }
        transcript.truncate(to: first)
        rollbacks += 1
    }

    /// Most tokens that the next step may have.
    ///
    /// - Throws: `ModelError.contextTooLong` if there is no room; only a prompt can cause it.
    func tokenLimit() throws -> Int {
        let (model, room) = self.room
        guard room > 0 else {
            throw ModelError.contextTooLong(
                model: model.name, tokens: model.contextLength - room + 1, limit: model.contextLength)
        }
        return min(settings.maximumStepTokens, settings.maximumThinkingTokens - records.thinkingTokens, room)
    }

    /// Who answers.
    var finalizer: StepOwner {
        switch settings.finalizer {
        case .slm: .slm
        case .llm: .llm
        case .owner: live.last?.owner ?? .llm
        }
    }

    /// What a model reads before the answer: thinking is closed, by the tag that a model wrote or from outside. Empty for
    /// a model that takes no part.
    func answerContext(for owner: StepOwner) -> [TokenID] {
        let tokens = transcript.tokens(for: owner)
        if tokens.isEmpty || thinkingStop == .thinkingEnd { return tokens }
        return tokens + pair[owner].forcedThinkingEnd
    }

    /// The participant whose context window leaves least for thinking, and how many tokens that are.
    private var room: (model: ModelIdentity, tokens: Int) {
        let rooms = participants.map { owner in
            let model = pair[owner]
            let used = transcript.tokens(for: owner).count + model.forcedThinkingEnd.count
            // An eighth of the window is kept for the answer, unless it needs less.
            let answer = min(settings.maximumAnswerTokens, max(model.identity.contextLength / 8, 1))
            return (model.identity, model.identity.contextLength - used - answer)
        }
        guard let least = rooms.min(by: { $0.1 < $1.1 }) else { preconditionFailure("some model writes steps") }
        return least
    }
}

extension JobSpecification {
    /// The models that read the transcript.
    var participants: Set<StepOwner> {
        var readers = strategy.owners
        switch settings.finalizer {
        case .slm: readers.insert(.slm)
        case .llm: readers.insert(.llm)
        case .owner: break
        }
        // Once the large model has had its share, the small one goes on.
        if let share = settings.maximumLLMShare, share < 1, readers.contains(.llm) { readers.insert(.slm) }
        return readers
    }
}
