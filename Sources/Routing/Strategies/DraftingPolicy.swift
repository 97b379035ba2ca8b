import Generation

/// The small model drafts every step, without a probe; a verifier may then hand it to the large model.
struct DraftingPolicy: StepPolicy {
    /// Creates a policy.
    init() {}

    func wantsProbe(before step: StepSituation) -> Bool { false }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        StepDecision(.fixed, owner: .slm)
    }
}
