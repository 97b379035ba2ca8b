import Generation

/// One model writes every step; the other one only the answer, if at all.
struct FixedPolicy: StepPolicy {
    /// Who writes.
    let owner: StepOwner

    /// Creates a policy.
    init(owner: StepOwner) { self.owner = owner }

    var owners: Set<StepOwner> { [owner] }

    func wantsProbe(before step: StepSituation) -> Bool { false }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        StepDecision(.fixed, owner: owner)
    }
}
