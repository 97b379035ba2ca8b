/// Looks at every next-token distribution of a generation and gives the turn back to the caller where it fires: what
/// methods that change models inside a step are made of. Evaluated on tokens that the request draws itself, before its
/// stop condition is looked at only if the token is refused.
public struct HandoverRule: Sendable, Hashable {
    /// What is looked at, on the distribution at temperature 1 and before any filter.
    public enum Condition: Sendable, Hashable {
        /// Entropy as a share of its ceiling is above a value (R-Stitch, small to large).
        case normalisedEntropyAbove(Double)
        /// It is at most a value (R-Stitch, large to small).
        case normalisedEntropyAtMost(Double)
        /// Entropy in nats is at least a value (R2R without a router).
        case entropyAtLeast(Double)
        /// Aleatoric uncertainty of the ten greatest raw logits is at least a value (R2R's LogU).
        case aleatoricAtLeast(Double)
        /// A head's value is at least `value`; where `entropyAbove` is given the head is asked only where the normalised
        /// entropy is above that (R-Stitch+), and does not fire elsewhere.
        case headAtLeast(head: String, value: Double, entropyAbove: Double? = nil)
    }

    /// What becomes of the token that was drawn where the rule fires.
    public enum Token: Sendable, Hashable {
        /// It is not part of the generation: the other model writes this position.
        case refused
        /// It is kept, then the turn is given back. A stop condition that the token fulfils comes first.
        case taken
    }

    /// When the rule fires.
    public var condition: Condition
    /// What becomes of the token.
    public var token: Token

    /// Creates a rule.
    public init(_ condition: Condition, token: Token) {
        self.condition = condition
        self.token = token
    }
}
