import Generation

/// How the next token of a request is drawn.
struct TokenDraw {
    let parameters: SamplingParameters
    /// A number in 0..<1.
    let uniform: Double

    /// Whether the token is the most probable one, so that the logits of the others do not matter. Below any meaningful
    /// temperature the division would overflow.
    var isGreedy: Bool { parameters.isGreedy }
}

extension SamplingParameters {
    /// Whether the most probable token is drawn, whatever the random number.
    var isGreedy: Bool { temperature < 1e-6 || topK == 1 }
}
