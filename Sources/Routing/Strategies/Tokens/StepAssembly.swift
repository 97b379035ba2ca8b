import Generation

/// A step, or the answer, as it grows row by row, with its account.
struct StepAssembly: Sendable {
    /// All tokens so far, why the last row ended, and the sums over all rows.
    private(set) var generation = Generation(tokens: [], finish: .length)
    /// Who wrote how many of them.
    private(set) var segments: [StepDetails.Segment] = []
    /// What it cost.
    private(set) var cost = StepCost()
    /// What was written in vain.
    private(set) var discarded = StepRecord.Discarded()
    /// What drafts did.
    private(set) var drafting: StepDetails.Drafting?

    /// Nothing yet.
    init() {}

    /// The tokens so far.
    var tokens: [TokenID] { generation.tokens }

    /// Takes a draft that the large model has verified: what it kept of it stands in its own row.
    mutating func append(draft: Generation, accepted: Int) {
        cost.slm += draft.work
        discarded.slm += draft.tokens.count - accepted
        var account = drafting ?? .init()
        account.rounds += 1
        account.drafted += draft.tokens.count
        account.accepted += accepted
        drafting = account
    }

    /// Takes a row of tokens.
    mutating func append(_ row: Generation, of owner: StepOwner) {
        generation.tokens += row.tokens
        generation.finish = row.finish
        generation.logProbability += row.logProbability
        generation.entropySum += row.entropySum
        generation.measuredTokens += row.measuredTokens
        cost[owner] += row.work
        if row.refusedToken != nil { discarded[owner] += 1 }
        let signal = row.handoverSignal.flatMap { $0.isFinite ? $0 : nil }
        if let last = segments.indices.last, segments[last].owner == owner, segments[last].signal == nil {
            segments[last].tokens += row.tokens.count
            segments[last].signal = signal
        } else if !row.tokens.isEmpty || signal != nil {
            segments.append(.init(owner: owner, tokens: row.tokens.count, signal: signal))
        }
    }

    /// Says why the last row ended, seen from the whole.
    mutating func end(_ finish: FinishReason) { generation.finish = finish }

    /// Number of tokens of an owner.
    func count(of owner: StepOwner) -> Int { segments.reduce(0) { $1.owner == owner ? $0 + $1.tokens : $0 } }

    /// The step of one owner.
    func draft(_ decision: StepDecision) -> StepDraft {
        var draft = StepDraft(decision: decision, generation: generation)
        draft.cost = cost
        draft.discarded = discarded
        draft.details.drafting = drafting
        return draft
    }

    /// The step of both.
    func sharedDraft(_ decision: StepDecision) -> StepDraft {
        var draft = draft(decision)
        draft.details.segments = segments
        return draft
    }
}
