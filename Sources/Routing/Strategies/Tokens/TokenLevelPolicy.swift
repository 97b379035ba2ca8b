import Generation

/// For methods that change models inside a step: any step may need the large model, and the writer finds out which of
/// its tokens do. Where the large model's share is spent, the session gives the step to the small one.
struct TokenLevelPolicy: StepPolicy {
    /// Creates a policy.
    init() {}

    func wantsProbe(before step: StepSituation) -> Bool { false }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        StepDecision(.tokenLevel, owner: .llm)
    }
}
