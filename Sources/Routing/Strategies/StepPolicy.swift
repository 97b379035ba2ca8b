import Generation

/// Chooses who writes the next step. Synchronous and without state of its own: what a policy knows of the past is the
/// trace, so that a resumed job decides as the uninterrupted one did.
protocol StepPolicy: Sendable {
    /// The models it may choose; a model that is in no one's choice need not be able to serve the job.
    var owners: Set<StepOwner> { get }

    /// Whether the small model is to be probed before this step.
    func wantsProbe(before step: StepSituation) -> Bool

    /// Number of tokens for the probe's ``DistributionSignals/topEntropy``; `nil` for none.
    var topEntropySupport: Int? { get }

    /// Chooses.
    ///
    /// - Parameter signals: What the probe saw; `nil` if none was wanted.
    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision
}

extension StepPolicy {
    /// Most policies choose between both models.
    var owners: Set<StepOwner> { [.slm, .llm] }

    /// Most policies measure the full vocabulary.
    var topEntropySupport: Int? { nil }
}

/// What a policy may look at.
struct StepSituation: Sendable {
    /// The finished records of this job.
    let history: [StepRecord]
    /// Number of steps before this one; a step in several records counts once.
    let stepNumber: Int
    /// Coordinates of the step's random draws.
    let randomness: Randomness
    /// First-token entropies known of the small model, ascending; see ``ModelPair/priorEntropies``.
    let priorEntropies: [Double]
    /// Sure and unsure steps among them; see ``ModelPair/priorMixture``.
    let priorMixture: GaussianMixture?

    /// Creates a situation.
    init(
        history: [StepRecord], randomness: Randomness, priorEntropies: [Double] = [],
        priorMixture: GaussianMixture? = nil
    ) {
        self.history = history
        self.randomness = randomness
        self.priorEntropies = priorEntropies
        self.priorMixture = priorMixture
        stepNumber = history.count { !$0.isContinuation }
    }
}
