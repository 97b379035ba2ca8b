/// How a model without weights behaves: a stand-in that speaks like a model and costs next to nothing, to try a
/// database and a fleet before there are machines for the real one.
///
/// ```json
/// {"simulated": {"steps": [4, 8], "tokens_per_step": [20, 60], "ms_per_token": 25, "ms_per_probe": 10}}
/// ```
public struct SimulatedModelDescription: Sendable, Hashable, Decodable {
    /// Thinking steps of a chain. Prompt and seed decide how many it has.
    public var steps: ClosedRange<Int>
    /// Tokens of a step, its blank line included.
    public var stepTokens: ClosedRange<Int>
    /// Time that a generated token takes.
    public var timePerToken: Duration
    /// Time that a probe takes.
    public var timePerProbe: Duration
    /// Number of parameters that the model says it has; what reports weigh tokens with.
    public var parameterCount: Int
    /// Longest context in tokens, that is bytes.
    public var contextLength: Int

    /// Describes a simulated model.
    public init(
        steps: ClosedRange<Int> = 4...8, stepTokens: ClosedRange<Int> = 20...60, timePerToken: Duration = .zero,
        timePerProbe: Duration = .zero, parameterCount: Int = 1_000_000, contextLength: Int = 1 << 17
    ) {
        self.steps = steps
        self.stepTokens = stepTokens
        self.timePerToken = timePerToken
        self.timePerProbe = timePerProbe
        self.parameterCount = parameterCount
        self.contextLength = contextLength
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case steps, parameters
        case stepTokens = "tokens_per_step"
        case timePerToken = "ms_per_token"
        case timePerProbe = "ms_per_probe"
        case contextLength = "context"
    }

    /// Reads an entry; refuses keys that it does not know and numbers that make no sense.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.members(CodingKeys.self)
        self.init()
        steps = try values.decodeRange(.steps, in: 1...10_000) ?? steps
        // Two newlines end a step, and something stands before them.
        stepTokens = try values.decodeRange(.stepTokens, in: 3...100_000) ?? stepTokens
        timePerToken = try values.decodeMilliseconds(.timePerToken, upTo: 60_000) ?? timePerToken
        timePerProbe = try values.decodeMilliseconds(.timePerProbe, upTo: 60_000) ?? timePerProbe
        parameterCount = try values.decodePositive(.parameters, upTo: 1 << 50) ?? parameterCount
        contextLength = try values.decodePositive(.contextLength, upTo: 1 << 30) ?? contextLength
    }
}
