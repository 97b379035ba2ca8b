import Engine

/// What a simulated model pretends to be.
struct SimulatedModelReport: PoolMember {
    private let model: SimulatedModelDescription

    init(_ model: SimulatedModelDescription) { self.model = model }

    /// One line.
    var summary: String {
        "simulated: \(Self.words(model.steps)) steps of \(Self.words(model.stepTokens)) tokens, "
            + "\(Figures.fixed(model.timePerToken / .milliseconds(1), 2)) ms a token, "
            + "\(Figures.fixed(model.timePerProbe / .milliseconds(1), 2)) ms a probe"
    }

    func text(title: String, _ palette: Palette) -> String { palette.bold(title) + "\n  \(summary)\n" }

    func json(name: String) -> String {
        JSONText.object([
            ("name", JSONText.string(name)), ("simulated", "true"),
            ("parameters", "\(model.parameterCount)"), ("context", "\(model.contextLength)"),
        ])
    }

    private static func words(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
}
