import Generation

/// Another policy, but for the steps right behind a rollback: there the large model goes on until the small one is sure
/// again, for a bounded number of steps.
///
/// Source of the idea: SARR-CoDE. Sure is an entropy that would not raise the sum of ``DriftDetector``. Policies without
/// a probe give one step to the large model, the one in the place where it went back.
struct RecoveringPolicy: StepPolicy {
    /// Chooses otherwise.
    let rest: any StepPolicy

    /// Most steps that the large model writes after a rollback, that in its place included.
    static let mostSteps = 3

    var owners: Set<StepOwner> { rest.owners }
    var topEntropySupport: Int? { rest.topEntropySupport }

    func wantsProbe(before step: StepSituation) -> Bool { rest.wantsProbe(before: step) }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        let choice = rest.decide(step, signals: signals)
        guard choice.owner == .slm, let entropy = signals?.entropy, entropy.isFinite, Self.isRecovering(step.history)
        else { return choice }
        let earlier = DriftDetector.measurements(step.history).map(\.entropy)
        let rank = DriftDetector.rank(of: entropy, in: step.priorEntropies, and: earlier)
        guard rank > DriftDetector.unsureRank else { return choice }
        return StepDecision(
            .rollback, owner: .llm, signal: .init(.entropyRank, rank), threshold: DriftDetector.unsureRank)
    }

    /// Whether only steps of the large model stand behind the last rollback, and fewer than may.
    private static func isRecovering(_ history: [StepRecord]) -> Bool {
        guard let back = history.lastIndex(where: { $0.details.rollback != nil }) else { return false }
        let redone = history[back...]
        return redone.allSatisfy { $0.owner == .llm } && redone.count { !$0.isContinuation } < mostSteps
    }
}
