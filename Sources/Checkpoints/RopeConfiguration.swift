/// Rotary position embedding: base frequency and how it is stretched to longer contexts.
public struct RopeConfiguration: Sendable, Hashable {
    /// How the frequencies are scaled.
    public enum Scaling: Sendable, Hashable {
        /// As trained.
        case none
        /// All frequencies divided by `factor`.
        case linear(factor: Double)
        /// Llama 3: low frequencies divided, high ones kept, between them interpolated.
        case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
        /// Llama 3 as GGUF files have it: one divisor for each frequency, [headDim / 2].
        case divisors([Double])
        /// YaRN (Peng et al. 2023): interpolation by a ramp over the dimensions; cos and sin are multiplied by `attentionFactor`.
        case yarn(
            factor: Double, betaFast: Double, betaSlow: Double, originalContext: Int, attentionFactor: Double,
            truncate: Bool)

        /// Name of the method, as in config.json.
        public var name: String {
            switch self {
            case .none: "default"
            case .linear: "linear"
            case .llama3, .divisors: "llama3"
            case .yarn: "yarn"
            }
        }
    }

    /// Factors of scaling and attention that are taken. Models are trained with 1 to 64; far beyond, angles overflow and
    /// logits are no numbers.
    static let factors = 1e-3...1e6

    /// Base of the geometric series of frequencies.
    public let theta: Double
    /// How they are scaled.
    public let scaling: Scaling

    /// Creates a configuration.
    public init(theta: Double, scaling: Scaling) {
        self.theta = theta
        self.scaling = scaling
    }

    /// The longest context in tokens of a model whose file states `trained`: YaRN may reach beyond it.
    func contextLength(trained: Int) -> Int {
        guard case .yarn(let factor, _, _, let original, _, _) = scaling else { return trained }
        return max(trained, Int(min(factor * Double(original), Double(Int32.max))))
    }
}
