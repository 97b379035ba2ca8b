public import Generation

/// One finished piece of a chain of thought, or the answer: a row of the trace, and what a job resumes from.
///
/// Everything except ``cost`` is a function of the job and the models alone.
public struct StepRecord: Sendable, Hashable, Codable {
    /// What a record holds.
    public enum Kind: String, Sendable, Hashable, Codable {
        case thinking, answer
    }

    /// Place in the trace, 0-based, without gaps; the answer comes last.
    public var index: Int
    /// Thinking or answer.
    public var kind: Kind
    /// Who wrote it and why.
    public var decision: StepDecision
    /// Name of the model that wrote it.
    public var model: String
    /// What the probe before the step saw; `nil` without a probe.
    public var glimpse: Glimpse?
    /// The text, delimiter or end-of-thinking tag included; ill-formed UTF-8 is U+FFFD.
    public var text: String
    /// The exact tokens, in the vocabulary of ``model``.
    public var tokens: [TokenID]
    /// Why it ended.
    public var finish: FinishReason
    /// Tokens that each model wrote and that were thrown away: rejected drafts, and what stood behind the
    /// end-of-thinking tag.
    public var discarded: Discarded
    /// Mean natural-log probability (temperature 1) of the tokens drawn for the step; `nil` if none was. The first
    /// token is left out where a probe drew it.
    public var meanLogProbability: Double?
    /// Mean full-vocabulary entropy, in nats, at the same tokens.
    public var meanEntropy: Double?
    /// What else its method tells of it.
    public var details: StepDetails
    /// What it cost.
    public var cost: StepCost

    /// What a probe saw.
    public struct Glimpse: Sendable, Hashable, Codable {
        /// Entropy over the full vocabulary, in nats; `nil` if not finite.
        public var entropy: Double?
        /// Entropy as a share of its ceiling, in 0...1; `nil` if not finite.
        public var normalisedEntropy: Double?
        /// Entropy of the `support` most probable tokens, renormalised, in nats; `nil` if not asked for or not finite.
        public var topEntropy: Double?
        /// Number of tokens in `topEntropy`.
        public var support: Int?
        /// The token that was drawn from the probed distribution, in the small model's vocabulary.
        public var token: TokenID

        /// Creates what a stored trace says that a probe saw.
        public init(
            entropy: Double?, normalisedEntropy: Double?, topEntropy: Double?, support: Int?, token: TokenID
        ) {
            self.entropy = entropy
            self.normalisedEntropy = normalisedEntropy
            self.topEntropy = topEntropy
            self.support = support
            self.token = token
        }

        /// Takes the finite values out of a probe.
        public init(_ probe: Probe, support: Int?) {
            func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
            entropy = finite(probe.signals.entropy)
            normalisedEntropy = finite(probe.signals.normalisedEntropy)
            topEntropy = finite(probe.signals.topEntropy)
            self.support = support
            token = probe.sampledToken
        }
    }

    /// Numbers of tokens that were thrown away, by the model that wrote them.
    public struct Discarded: Sendable, Hashable, Codable {
        /// The small model's.
        public var slm = 0
        /// The large model's.
        public var llm = 0

        /// None.
        public init() {}

        /// The number of an owner.
        public subscript(owner: StepOwner) -> Int {
            get { owner == .slm ? slm : llm }
            set { if owner == .slm { slm = newValue } else { llm = newValue } }
        }
    }

    /// Creates a record.
    public init(
        index: Int, kind: Kind, decision: StepDecision, model: String, glimpse: Glimpse? = nil, text: String,
        tokens: [TokenID], finish: FinishReason, discarded: Discarded = Discarded(), meanLogProbability: Double? = nil,
        meanEntropy: Double? = nil, details: StepDetails = StepDetails(), cost: StepCost = StepCost()
    ) {
        self.index = index
        self.kind = kind
        self.decision = decision
        self.model = model
        self.glimpse = glimpse
        self.text = text
        self.tokens = tokens
        self.finish = finish
        self.discarded = discarded
        self.meanLogProbability = meanLogProbability
        self.meanEntropy = meanEntropy
        self.details = details
        self.cost = cost
    }

    /// Who wrote it.
    public var owner: StepOwner { decision.owner }

    /// Whether it goes on with the step of the record before.
    public var isContinuation: Bool { decision.rule == .continuation }

    /// Number of its tokens that an owner wrote.
    public func tokenCount(of writer: StepOwner) -> Int {
        if details.segments.isEmpty { return writer == owner ? tokens.count : 0 }
        return details.segments.reduce(0) { $1.owner == writer ? $0 + $1.tokens : $0 }
    }

    /// Whether both say the same, apart from what they cost.
    public func hasSameContent(as other: StepRecord) -> Bool {
        var other = other
        other.cost = cost
        return self == other
    }
}
