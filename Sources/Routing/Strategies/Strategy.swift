/// A way for two models to reason together, put together from its parts: who writes a step (policy), how (writer),
/// whether it counts (verifier), and when thinking is over (exit rules).
public struct Strategy: Sendable {
    /// The name that a job asks for.
    public let name: String
    /// Chooses the owner of each step.
    var policy: any StepPolicy
    /// Writes it.
    var writer: any StepWriter = OwnerWriter()
    /// Accepts or rejects it.
    var verifier: any StepVerifier = AcceptingVerifier()
    /// Writes the answer.
    var answerWriter: any StepWriter = OwnerWriter()
    /// Asks for trial answers; `nil`: nobody does.
    var earlyExit: (any EarlyExit)?
    /// Goes back where the chain of thought was still sound; `nil`: never.
    var recovery: (any RecoveryRule)?
    /// End the thinking; the first that says so counts.
    var exitRules: [any ExitRule] = [ClosingRule(), TrialRule(), RepetitionRule(), BudgetRule()]
    /// Whether the end-of-thinking tag ends a step.
    var thinkingEndCounts = true
    /// What it needs of a pair.
    var needs = PairNeeds()
    /// Who answers if the job does not say.
    var defaultFinalizer = ReasoningSettings.Finalizer.llm

    /// Creates a strategy with the common writer, verifier and exit rules.
    init(name: String, policy: any StepPolicy) {
        self.name = name
        self.policy = policy
    }

    /// Threshold in nats where neither a threshold nor a target rate is given.
    public static let defaultTau = EntropyThreshold.defaultTau

    /// The models that read the transcript.
    var owners: Set<StepOwner> { policy.owners.union(needs.readers) }
}
