/// Who writes a step and why.
public struct StepDecision: Sendable, Hashable, Codable {
    /// Which rule decided.
    public var rule: Rule
    /// Who writes.
    public var owner: StepOwner
    /// What the rule looked at, if anything; `nil` also if its value was not finite.
    public var signal: Signal?
    /// What the signal was compared with.
    public var threshold: Double?

    /// The rules; the raw value stands in traces.
    public enum Rule: String, Sendable, Hashable, Codable {
        /// The first token's entropy is at most the threshold.
        case entropyAtMost = "entropy<=tau"
        /// It is above the threshold.
        case entropyAbove = "entropy>tau"
        /// It is below the threshold (comparison `ge`).
        case entropyBelow = "entropy<tau"
        /// It is at least the threshold (comparison `ge`).
        case entropyAtLeast = "entropy>=tau"
        /// The signal was infinite or not a number.
        case nonFinite = "non-finite"
        /// The strategy always chooses this owner.
        case fixed
        /// A draw.
        case random
        /// The first steps belong to the large model.
        case firstSteps = "first-steps"
        /// The step was cut at its length limit and goes on.
        case continuation
        /// The large model writes again what the small one wrote, as the draft's measure was above the threshold.
        case draftRejected = "draft>tau"
        /// The draft's measure is at most the threshold.
        case draftAccepted = "draft<=tau"
        /// A judge's score of the draft is at least the threshold.
        case scoreAtLeast = "score>=theta"
        /// It is below; the large model writes.
        case scoreBelow = "score<theta"
        /// A scorer's reward of the draft is at least the threshold.
        case rewardAtLeast = "reward>=delta"
        /// It is below; the large model writes.
        case rewardBelow = "reward<delta"
        /// The draft was kept by a draw against a weight of its reward.
        case rewardDrawn = "reward-drawn"
        /// The draft was given up by such a draw.
        case rewardRefused = "reward-refused"
        /// The draft was chosen among several.
        case chosen
        /// None of several drafts was chosen; the large model writes.
        case noneChosen = "none-chosen"
        /// Models change inside the step, token by token.
        case tokenLevel = "token-level"
        /// The posterior probability of a hard step is above the threshold.
        case posteriorAbove = "posterior>p"
        /// It is at most the threshold.
        case posteriorAtMost = "posterior<=p"
        /// Between the two thresholds of a hysteresis the owner stays.
        case staysOwner = "hysteresis"
        /// The large model's share of the job is spent.
        case shareSpent = "share-spent"
        /// The chain of thought went back to this place; the large model goes on from there.
        case rollback
        /// The answer.
        case finalizer
        /// The last thinking step stands as the answer.
        case lastStep = "last-step"
    }

    /// A measured value.
    public struct Signal: Sendable, Hashable, Codable {
        /// What was measured.
        public var name: Name
        /// The value; entropies in nats.
        public var value: Double

        /// What can be measured.
        public enum Name: String, Sendable, Hashable, Codable {
            /// Entropy of the step's first token.
            case entropy
            /// The same over the most probable tokens only, renormalised.
            case topEntropy = "top_entropy"
            /// A uniform draw in 0..<1.
            case draw
            /// Mean entropy over the tokens of a draft.
            case stepEntropy = "step_entropy"
            /// Perplexity of a draft.
            case stepPerplexity = "step_perplexity"
            /// A judge's score of a draft, in 0...9.
            case judgeScore = "judge_score"
            /// A scorer's value of a draft.
            case reward
            /// Mean natural-log probability of a draft under the large model.
            case llmLogProbability = "llm_logprob"
            /// Probability, under a judge, of the chosen draft among those offered and none.
            case choice
            /// Rank of the first token's entropy among those known of the small model, in 0...1.
            case entropyRank = "entropy_rank"
            /// Posterior probability that a step is hard.
            case posterior
            /// Share of a token-level step's tokens that the large model wrote.
            case llmTokenShare = "llm_token_share"
            /// Share of the job's thinking tokens that the large model wrote before the step.
            case llmShare = "llm_share"
        }

        /// Creates a measured value.
        public init(_ name: Name, _ value: Double) {
            self.name = name
            self.value = value
        }
    }

    /// Creates a decision. A signal that is not finite is left out.
    public init(_ rule: Rule, owner: StepOwner, signal: Signal? = nil, threshold: Double? = nil) {
        self.rule = rule
        self.owner = owner
        self.signal = signal.flatMap { $0.value.isFinite ? $0 : nil }
        self.threshold = threshold
    }
}
