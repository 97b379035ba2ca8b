import Generation

/// A written step, or answer, before it is accepted.
struct StepDraft: Sendable, Hashable {
    /// Who wrote it and why. Where models changed inside it, the one that wrote more of it, the large one if both wrote
    /// as much.
    var decision: StepDecision
    /// The tokens that are kept so far, why they end, and what the writers measured on them.
    var generation: Generation
    /// What it cost.
    var cost: StepCost
    /// Tokens that were written for it and thrown away.
    var discarded: StepRecord.Discarded
    /// What else there is to tell.
    var details: StepDetails
    /// All texts that were written for the same step, this one first, for a verifier to choose from; empty if this is the
    /// only one. The others' tokens stand in ``discarded``, their work in ``cost``.
    var candidates: [Generation] = []

    /// A draft by one model, whose work is the generation's.
    init(decision: StepDecision, generation: Generation) {
        self.decision = decision
        self.generation = generation
        cost = StepCost()
        cost[decision.owner] = generation.work
        discarded = StepRecord.Discarded()
        details = StepDetails()
    }

    /// Takes tokens in place of those that were generated: what is left of them behind a cut.
    mutating func keep(_ tokens: [TokenID]) {
        if tokens.count != generation.tokens.count, !details.segments.isEmpty {
            var left = tokens.count
            details.segments = details.segments.compactMap { segment in
                guard left > 0 else { return nil }
                var part = segment
                part.tokens = min(part.tokens, left)
                left -= part.tokens
                return part
            }
            // The tag may have been spelled with more tokens than stood there.
            if left > 0, let last = details.segments.indices.last { details.segments[last].tokens += left }
        }
        generation.tokens = tokens
    }

    /// Adds the account of an earlier draft that this one takes the place of.
    mutating func replace(_ rejected: StepDraft) {
        cost += rejected.cost
        for owner in StepOwner.allCases { discarded[owner] += rejected.discarded[owner] }
        let segments = rejected.details.segments
        if segments.isEmpty {
            discarded[rejected.decision.owner] += rejected.generation.tokens.count
        } else {
            for segment in segments { discarded[segment.owner] += segment.tokens }
        }
        if let other = rejected.details.drafting { details.drafting = (details.drafting ?? .init()) + other }
    }
}

extension StepDetails.Drafting {
    /// Adds up two accounts.
    static func + (a: Self, b: Self) -> Self {
        var sum = a
        sum.rounds += b.rounds
        sum.drafted += b.drafted
        sum.accepted += b.accepted
        return sum
    }
}
