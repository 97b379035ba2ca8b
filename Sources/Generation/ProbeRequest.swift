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

    /// Creates an answer.
    public init(signals: DistributionSignals, sampledToken: TokenID, work: ModelWork) {
        self.signals = signals
        self.sampledToken = sampledToken
        self.work = work
    }
}
