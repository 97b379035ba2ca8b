import Generation

/// The classic rule of speculative decoding: what comes out is distributed exactly as a draw from the target, whatever
/// the drafter draws from.
///
/// Sources: Leviathan et al. (arXiv 2211.17192), Chen et al. (arXiv 2302.01318).
extension Proposal {
    /// The token that takes the position: the drafted one with probability min(1, p/q), else one of the residual
    /// max(0, p − q).
    ///
    /// - Parameters:
    ///   - target: What the verifying model draws from (p).
    ///   - uniform: The number in 0..<1 that draws from the residual.
    func settle(_ target: TokenDistribution, uniform: Double) -> TokenID {
        // u < p/q without the division.
        if acceptance * distribution[token] < target[token] { return token }
        return Self.drawFromResidual(target, distribution, uniform: uniform)
    }

    /// Weights of the residual of each token of `target`: max(0, p − q).
    static func residual(_ target: TokenDistribution, _ draft: TokenDistribution) -> [Double] {
        let end = Int(target.tokens.max() ?? -1) + 1
        var weights = [Double](repeating: 0, count: end)
        for (token, probability) in zip(draft.tokens, draft.probabilities) where token >= 0 && Int(token) < end {
            weights[Int(token)] += probability
        }
        return zip(target.tokens, target.probabilities).map { max(0, $1 - weights[Int($0)]) }
    }

    private static func drawFromResidual(
        _ target: TokenDistribution, _ draft: TokenDistribution, uniform: Double
    ) -> TokenID {
        var weights = residual(target, draft)
        var mass = weights.reduce(0, +)
        // Both are equal but for rounding: a draw from either is right.
        if !(mass > 0) { (weights, mass) = (target.probabilities, target.probabilities.reduce(0, +)) }
        var rest = uniform * mass, last = 0
        for (index, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            last = index
            if rest < 0 { break }
        }
        return target.tokens[last]
    }
}
