/// What one model has done since the engine started.
public struct ModelMetrics: Sendable, Hashable, Codable {
    /// Forward passes.
    public var forwardPasses = 0
    /// Tokens computed.
    public var rows = 0
    /// Tokens computed to complete a probe, a decode or a prefill that answered: rows whose logits were read.
    public var logitRows = 0
    /// Probes answered.
    public var probes = 0
    /// Forward passes that answered at least one probe.
    public var passesWithProbes = 0
    /// Tokens generated.
    public var generatedTokens = 0
    /// Tokens of drafts that were to be verified.
    public var draftedTokens = 0
    /// Of these, tokens that were kept.
    public var acceptedDraftTokens = 0
    /// Context tokens taken from shared or kept blocks instead of being computed.
    public var cachedTokens = 0
    /// Tokens of new sequences and of contexts that had lost their blocks: what a prefix of another one could spare.
    public var prefixLookups = 0
    /// Of these, tokens found in blocks of others.
    public var prefixHits = 0
    /// Context tokens computed.
    public var prefillTokens = 0
    /// Sequences that lost their blocks to others.
    public var preemptions = 0
    /// Sequences that waited for room in the KV cache when the latest pass was planned.
    public var waitingForRoom = 0
    /// Time inside forward passes, in nanoseconds.
    public var forwardNanoseconds: Int64 = 0
    /// Time of the whole step around them: planning, batch assembly, sampling, answering.
    public var stepNanoseconds: Int64 = 0
    /// KV blocks in use.
    public var blocksInUse = 0
    /// KV blocks in all.
    public var blocks = 0

    /// Creates an empty account.
    public init() {}

    /// Share of prefix tokens that were found.
    public var prefixHitRate: Double { prefixLookups > 0 ? Double(prefixHits) / Double(prefixLookups) : 0 }

    /// Probes answered per forward pass that answered any.
    public var probesPerPass: Double { passesWithProbes > 0 ? Double(probes) / Double(passesWithProbes) : 0 }

    /// Tokens computed per forward pass.
    public var rowsPerPass: Double { forwardPasses > 0 ? Double(rows) / Double(forwardPasses) : 0 }
}
