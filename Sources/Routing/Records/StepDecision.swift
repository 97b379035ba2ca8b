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
        /// The answer.
        case finalizer
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
