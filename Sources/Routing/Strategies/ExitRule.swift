import Generation

/// Ends the thinking. Looks at the trace alone, so that a resumed job ends where the uninterrupted one did.
protocol ExitRule: Sendable {
    /// Whether it looks also at records that others took the place of.
    var countsReplaced: Bool { get }

    /// Why thinking is over; `nil` to go on.
    ///
    /// - Parameter records: The thinking records so far, not empty.
    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop?
}

extension ExitRule {
    /// Most rules look at what counts.
    var countsReplaced: Bool { false }
}

/// A model closed its thoughts.
struct ClosingRule: ExitRule {
    /// Creates a rule.
    init() {}

    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop? {
        switch records.last?.finish {
        case .thinkingEnd: .thinkingEnd
        case .endOfText: .endOfText
        case .delimiter, .length, .handover, nil: nil
        }
    }
}

/// The budgets of tokens and steps.
struct BudgetRule: ExitRule {
    /// Creates a rule.
    init() {}

    var countsReplaced: Bool { true }

    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop? {
        if records.thinkingTokens >= settings.maximumThinkingTokens { return .tokenBudget }
        return records.count >= settings.maximumSteps ? .stepBudget : nil
    }
}

/// A trial answer was sure enough.
struct TrialRule: ExitRule {
    /// Creates a rule.
    init() {}

    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop? {
        records.last?.details.trial?.exits == true ? .confidentAnswer : nil
    }
}

extension [StepRecord] {
    /// Number of tokens of all thinking records.
    var thinkingTokens: Int {
        reduce(0) { $1.kind == .thinking ? $0 + $1.tokens.count : $0 }
    }
}
