public import Postgres

/// One row of a trace: a finished reasoning step, or the answer.
public struct TraceRow: Sendable, Hashable, Codable {
    /// What a row is.
    public enum Kind: String, Sendable, Hashable, Codable {
        case thinking, answer
    }

    /// Which model wrote it.
    public enum Owner: String, Sendable, Hashable, Codable {
        case slm, llm
    }

    /// The job.
    public var job: Int64
    /// The claim under which it was written.
    public var epoch: Int64
    /// Index of the step, from 0; the answer counts as one more.
    public var sequence: Int32
    /// The job's day (``ClaimedJob/day``).
    public var day: Day
    /// Thinking or answer.
    public var kind: Kind
    /// Who wrote it.
    public var owner: Owner
    /// Name of the model that wrote it.
    public var model: String
    /// The exact text, its delimiter included.
    public var text: String
    /// The exact tokens, in the owner's vocabulary.
    public var tokenIDs: [Int32]
    /// Which rule of the strategy chose the owner.
    public var rule: String?
    /// Name of the signal that the rule looked at.
    public var signalName: String?
    /// Its value.
    public var signalValue: Double?
    /// What it was compared with.
    public var threshold: Double?
    /// First-token entropy of the small model over the full vocabulary, in nats.
    public var initialEntropy: Double?
    /// The same as a share of its ceiling, in 0...1.
    public var normalisedEntropy: Double?
    /// The same over the ``topEntropySupport`` most probable tokens, renormalised, in nats.
    public var topEntropy: Double?
    /// Number of tokens in ``topEntropy``.
    public var topEntropySupport: Int32?
    /// The token that the probe drew.
    public var probedToken: Int32?
    /// Tokens of this step that were kept.
    public var tokensKept: Int32 = 0
    /// Tokens that the small model wrote for it and that were thrown away.
    public var slmDiscarded: Int32 = 0
    /// Tokens that the large model wrote for it and that were thrown away.
    public var llmDiscarded: Int32 = 0
    /// Probes made for this step.
    public var probeTokens: Int32 = 0
    /// Why the step ended.
    public var finishReason: String?
    /// Mean natural-log probability of its tokens.
    public var meanLogProbability: Double?
    /// Mean full-vocabulary entropy at its tokens, in nats.
    public var meanEntropy: Double?
    /// What it cost.
    public var cost = Cost()
    /// Anything else, a JSON object.
    public var extra: String?

    /// What a step cost both models, probe included.
    public struct Cost: Sendable, Hashable, Codable {
        /// Context tokens the small model computed.
        public var slmPrefill: Int32 = 0
        /// Context tokens the small model found in its cache.
        public var slmCached: Int32 = 0
        /// Tokens the small model generated.
        public var slmDecoded: Int32 = 0
        /// Context tokens the large model computed.
        public var llmPrefill: Int32 = 0
        /// Context tokens the large model found in its cache.
        public var llmCached: Int32 = 0
        /// Tokens the large model generated.
        public var llmDecoded: Int32 = 0
        /// Active time of probes, in nanoseconds.
        public var probeNanoseconds: Int64 = 0
        /// Active time of the small model apart from probes, in nanoseconds.
        public var slmNanoseconds: Int64 = 0
        /// Active time of the large model, in nanoseconds.
        public var llmNanoseconds: Int64 = 0

        /// Creates an empty account.
        public init() {}
    }

    /// Creates a row without signals and costs.
    public init(
        _ lease: JobLease, sequence: Int32, day: Day, kind: Kind, owner: Owner, model: String, text: String,
        tokenIDs: [Int32]
    ) {
        job = lease.job
        epoch = lease.epoch
        self.sequence = sequence
        self.day = day
        self.kind = kind
        self.owner = owner
        self.model = model
        self.text = text
        self.tokenIDs = tokenIDs
        tokensKept = Int32(tokenIDs.count)
    }

    /// Roughly how many bytes the row takes on its way to the server.
    var byteCount: Int { 400 + text.utf8.count + tokenIDs.count * 8 + (extra?.utf8.count ?? 0) }
}
