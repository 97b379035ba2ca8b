/// Asks for the distribution of the next token after a context.
public struct ProbeRequest: Sendable {
    /// The sequence whose KV cache serves the request.
    public var sequence: SequenceID
    /// All tokens before the probed position, from the first token of the prompt; not empty.
    public var context: [TokenID]
    /// How ``Probe/sampledToken`` is drawn.
    public var sampling: SamplingParameters
    /// The draw's coordinates.
    public var randomness: Randomness
    /// Number of tokens in ``DistributionSignals/top``.
    public var topCount: Int
    /// Number of tokens for ``DistributionSignals/topEntropy``; `nil` leaves it out.
    public var topEntropySupport: Int?
    /// Tokens whose log-probabilities are wanted.
    public var options: [TokenID] = []
    /// Names of heads (``LanguageModel/headNames``) to evaluate on the last position's hidden state. Heads that look at
    /// the drawn token see ``Probe/sampledToken``.
    public var heads: [String] = []
    /// How many of the context's last tokens are to be scored, each given what stands before it; fewer than the context
    /// has. Their positions are computed anew where the cache holds them.
    public var scoredTokens = 0

    /// Creates a request.
    public init(
        sequence: SequenceID, context: [TokenID], sampling: SamplingParameters, randomness: Randomness,
        topCount: Int = 0, topEntropySupport: Int? = nil
    ) {
        self.sequence = sequence
        self.context = context
        self.sampling = sampling
        self.randomness = randomness
        self.topCount = topCount
        self.topEntropySupport = topEntropySupport
    }
}

/// The answer to a ``ProbeRequest``.
public struct Probe: Sendable {
    /// What the distribution says.
    public var signals: DistributionSignals
    /// The token that sampling draws from this very distribution: the first token of the step if the probing model
    /// goes on to write it (``GenerationRequest/firstToken``), so that a probe is never wasted.
    public var sampledToken: TokenID
    /// What the probe cost.
    public var work: ModelWork
    /// Natural-log probabilities (temperature 1, unfiltered) of ``ProbeRequest/options``, in their order.
    public var optionLogProbabilities: [Double] = []
    /// Values of ``ProbeRequest/heads``, in their order.
    public var headValues: [Double] = []
    /// Scores of the last ``ProbeRequest/scoredTokens`` context tokens, in order.
    public var scores: [TokenScore] = []

    /// Creates an answer.
    public init(signals: DistributionSignals, sampledToken: TokenID, work: ModelWork) {
        self.signals = signals
        self.sampledToken = sampledToken
        self.work = work
    }
}
