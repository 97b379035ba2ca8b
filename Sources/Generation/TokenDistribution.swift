/// The distribution that a token was drawn from: after temperature and filters, without the tokens that they left no
/// probability.
public struct TokenDistribution: Sendable, Hashable {
    /// The tokens, in the order in which the sampler goes through them.
    public var tokens: [TokenID]
    /// Their probabilities, which sum to 1.
    public var probabilities: [Double]

    /// Creates a distribution.
    public init(tokens: [TokenID], probabilities: [Double]) {
        precondition(tokens.count == probabilities.count, "one probability per token")
        self.tokens = tokens
        self.probabilities = probabilities
    }

    /// The probability of a token; 0 for those that are not listed.
    public subscript(token: TokenID) -> Double {
        tokens.firstIndex(of: token).map { probabilities[$0] } ?? 0
    }

    /// The distribution given that none of some tokens was drawn; itself if nothing would be left.
    public func excluding(_ excluded: Set<TokenID>) -> TokenDistribution {
        guard tokens.contains(where: excluded.contains) else { return self }
        let left = zip(tokens, probabilities).filter { !excluded.contains($0.0) }
        let mass = left.reduce(0) { $0 + $1.1 }
        guard mass > 0 else { return self }
        return TokenDistribution(tokens: left.map(\.0), probabilities: left.map { $0.1 / mass })
    }
}

/// What a model's own distribution (temperature 1, unfiltered) says of a token.
public struct TokenScore: Sendable, Hashable, Codable {
    /// Natural logarithm of its probability.
    public var logProbability: Double
    /// Entropy of the distribution, in nats.
    public var entropy: Double

    /// Creates a score.
    public init(logProbability: Double, entropy: Double) {
        self.logProbability = logProbability
        self.entropy = entropy
    }
}
