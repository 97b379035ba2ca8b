public import Generation

/// What some methods tell of a step beyond its text, owner and signal. Empty for methods that have nothing to tell.
/// A function of the job and the models alone, as everything in a ``StepRecord`` but its cost.
public struct StepDetails: Sendable, Hashable, Codable {
    /// Who wrote how many of the step's tokens, in order, where models changed inside it; empty where its owner wrote all.
    public var segments: [Segment] = []
    /// What speculative decoding did.
    public var drafting: Drafting?
    /// What a judge, a scorer or a choice said of a draft.
    public var review: Review?
    /// Whole texts that were written for the step and did not become it, in order.
    public var rejected: [Rejected] = []
    /// A trial answer behind the step.
    public var trial: Trial?
    /// Index of the first record that this one takes the place of: it and those behind it do not count any more.
    public var rollback: Int?

    /// Nothing to tell.
    public init() {}

    /// Whether there is nothing to tell.
    public var isEmpty: Bool { self == StepDetails() }

    /// A row of tokens by one model.
    public struct Segment: Sendable, Hashable, Codable {
        /// Who wrote them.
        public var owner: StepOwner
        /// How many; 0 only where its first token was refused.
        public var tokens: Int
        /// The value at which the turn was given back behind them; `nil` where the step ended.
        public var signal: Double?
        /// How much of the step's text they make, in Unicode code points, as SQL counts characters. One that both models
        /// wrote a part of belongs to whoever began it. `nil` before the step is recorded, and in old traces.
        public var characters: Int?

        /// Creates a row.
        public init(owner: StepOwner, tokens: Int, signal: Double? = nil, characters: Int? = nil) {
            self.owner = owner
            self.tokens = tokens
            self.signal = signal
            self.characters = characters
        }
    }

    /// A text that was given up.
    public struct Rejected: Sendable, Hashable, Codable {
        /// Who wrote it.
        public var owner: StepOwner
        /// Its length.
        public var tokens: Int
        /// What it says; ill-formed UTF-8 is U+FFFD.
        public var text: String

        /// Creates a text.
        public init(owner: StepOwner, tokens: Int, text: String) {
            self.owner = owner
            self.tokens = tokens
            self.text = text
        }
    }

    /// Speculative decoding in one step.
    public struct Drafting: Sendable, Hashable, Codable {
        /// Number of verifying passes.
        public var rounds = 0
        /// Tokens that the small model drafted.
        public var drafted = 0
        /// Of these, tokens that were kept.
        public var accepted = 0

        /// None yet.
        public init() {}
    }

    /// What was said of a draft.
    public struct Review: Sendable, Hashable, Codable {
        /// Name of the model that said it.
        public var model: String
        /// Its parameters, for what it cost.
        public var parameters: Int
        /// What it said of each draft, in order; of a judge the score. Not finite values are left out as `nil`.
        public var values: [Double?]
        /// Index of the draft that was kept; `nil` if none was.
        public var kept: Int?

        /// Creates a review.
        public init(model: ModelIdentity, values: [Double?], kept: Int?) {
            self.model = model.name
            parameters = model.parameterCount
            self.values = values.map { $0.flatMap { $0.isFinite ? $0 : nil } }
            self.kept = kept
        }
    }

    /// A trial answer.
    public struct Trial: Sendable, Hashable, Codable {
        /// Who gave it.
        public var owner: StepOwner
        /// Its text.
        public var answer: String
        /// How sure the model was, in 0...1.
        public var confidence: Double
        /// What that was compared with.
        public var threshold: Double
        /// Whether thinking ends with it.
        public var exits: Bool

        /// Creates a trial.
        public init(owner: StepOwner, answer: String, confidence: Double, threshold: Double, exits: Bool) {
            self.owner = owner
            self.answer = answer
            self.confidence = confidence
            self.threshold = threshold
            self.exits = exits
        }
    }
}
