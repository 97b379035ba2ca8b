/// What a next-token distribution says, at temperature 1 and before any filter.
public struct DistributionSignals: Sendable, Hashable, Codable {
    /// Shannon entropy over the full vocabulary, in nats.
    public var entropy: Double
    /// Entropy of the `topEntropySupport` most probable tokens renormalised to sum to 1, in nats; `nil` if not asked
    /// for. The official GlimpRouter code measures this with 20 tokens.
    public var topEntropy: Double?
    /// Natural logarithm of the number of logits that were scored: the ceiling of `entropy`.
    public var logVocabulary: Double
    /// The most probable tokens, best first, as many as the request asked for.
    public var top: [TokenProbability]

    /// One token of a distribution.
    public struct TokenProbability: Sendable, Hashable, Codable {
        /// The token.
        public var token: TokenID
        /// Its natural-log probability.
        public var logProbability: Double

        /// Creates a pair.
        public init(token: TokenID, logProbability: Double) {
            self.token = token
            self.logProbability = logProbability
        }
    }

    /// Creates signals.
    public init(entropy: Double, topEntropy: Double? = nil, logVocabulary: Double, top: [TokenProbability] = []) {
        self.entropy = entropy
        self.topEntropy = topEntropy
        self.logVocabulary = logVocabulary
        self.top = top
    }

    /// Entropy as a share of its ceiling, in 0...1.
    public var normalisedEntropy: Double { logVocabulary > 0 ? entropy / logVocabulary : 0 }
}
