import Generation

/// Takes a chain of thought back where it goes round in circles or where the small model has lost its way; the large
/// model goes on from there.
///
/// Of a loop the first round stays: it goes back behind the first of the equal steps among the last
/// ``RepetitionRule/window``. Drift is what ``DriftDetector`` finds. In both cases the place is moved on to the first
/// step that the small model wrote, as the large one would not do better on its own; a loop of the large model alone is
/// broken where it begins, which helps as far as tokens are drawn. The number of times is bounded, and the budgets of
/// tokens and steps count what was given up.
struct DriftRecovery: RecoveryRule {
    /// Most times that a job goes back.
    let maximumRollbacks: Int

    /// Default of ``maximumRollbacks``.
    static let defaultMaximum = 2

    func recover(_ records: [StepRecord], prior: [Double], rollbacks: Int, stop: ThinkingStop?) -> Int? {
        // An unfinished step is judged when it is whole.
        guard rollbacks < maximumRollbacks, records.last?.finish == .delimiter else { return nil }
        switch stop {
        case .repeatedStep, .alternatingSteps, .recurringStep:
            guard let place = Self.secondRound(of: records) else { return nil }
            return records[Self.smallStep(records, from: place) ?? place].index
        case nil:
            guard let place = DriftDetector().firstSuspect(records, prior: prior),
                let small = Self.smallStep(records, from: place)
            else { return nil }
            return records[small].index
        default: return nil
        }
    }

    /// The place behind the first step in the window that equals the last one.
    private static func secondRound(of records: [StepRecord]) -> Int? {
        var steps: [(first: Int, text: String)] = []
        for (place, record) in records.enumerated() {
            if record.isContinuation, let last = steps.indices.last {
                steps[last].text += record.text
            } else {
                steps.append((place, record.text))
            }
        }
        let window = steps.suffix(RepetitionRule.window)
        guard let last = window.last, let equal = window.firstIndex(where: { $0.text == last.text }) else { return nil }
        return equal + 1 < steps.count ? steps[equal + 1].first : nil
    }

    /// The first place from one on where the small model begins a step.
    private static func smallStep(_ records: [StepRecord], from place: Int) -> Int? {
        var start = place
        // Not in the midst of a step.
        while start > 0, records[start].isContinuation { start -= 1 }
        return records[start...].firstIndex { $0.owner == .slm && !$0.isContinuation }
    }
}
