import Generation

/// Whose turn it is where models change inside steps.
enum TokenTurn {
    /// Who begins the next step or answer.
    ///
    /// - Parameters:
    ///   - records: Those that count.
    ///   - keepsTurn: Whether the large model stays until it gives the turn back; else the small model begins each step.
    static func next(after records: [StepRecord], keepsTurn: Bool) -> StepOwner {
        guard keepsTurn, let last = records.last else { return .slm }
        return next(behind: last.details.segments, owner: last.owner)
    }

    /// Who goes on behind a step.
    static func next(behind segments: [StepDetails.Segment], owner: StepOwner) -> StepOwner {
        guard let last = segments.last else { return owner }
        return last.signal == nil ? last.owner : last.owner.other
    }
}

extension StepOwner {
    /// The other model.
    var other: StepOwner { self == .slm ? .llm : .slm }
}
