/// How a token is drawn from a model's distribution.
///
/// The filters apply in the order top-k, top-p, min-p on the distribution at `temperature`.
public struct SamplingParameters: Sendable, Hashable, Codable {
    /// Softmax temperature; 0 means greedy (the smallest id among equal maxima).
    public var temperature: Double
    /// Nucleus: the smallest set of tokens whose probability reaches this share is kept; 1 keeps all.
    public var topP: Double
    /// The most probable `topK` tokens are kept; 0 keeps all.
    public var topK: Int
    /// Tokens below this share of the most probable token's probability are dropped; 0 keeps all.
    public var minP: Double

    /// Creates sampling parameters; the defaults are those of the GlimpRouter paper (temperature 0.6, top-p 0.95).
    public init(temperature: Double = 0.6, topP: Double = 0.95, topK: Int = 0, minP: Double = 0) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.minP = minP
    }

    /// Always the most probable token.
    public static let greedy = SamplingParameters(temperature: 0, topP: 1)
}
