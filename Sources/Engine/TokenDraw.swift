import Generation

/// How the next token of a request is drawn.
struct TokenDraw {
    let parameters: SamplingParameters
    /// A number in 0..<1.
    let uniform: Double
    /// Whether what the token was drawn from is wanted too.
    var keepsDistribution = false

    /// Whether the token is the most probable one, so that the logits of the others do not matter. Below any meaningful
    /// temperature the division would overflow.
    var isGreedy: Bool { parameters.isGreedy }
}

/// A drafted token that is kept by the ratio of probabilities.
struct Proposal {
    let token: TokenID
    /// What the drafter drew it from.
    let distribution: TokenDistribution
    /// The number in 0..<1 that decides whether it is kept; the draw's own decides what takes its place.
    let acceptance: Double
}

extension SamplingParameters {
    /// Whether the most probable token is drawn, whatever the random number.
    var isGreedy: Bool { temperature < 1e-6 || topK == 1 }
}
