extension Strategy {
    /// Builds a strategy and takes its keys out of the parameters.
    typealias Maker = @Sendable (inout ParameterReader) throws(SpecificationError) -> Strategy

    /// The strategies a job can name.
    private static let table: [(name: String, make: Maker)] =
        basicMethods + stepMethods

    private static let basicMethods: [(name: String, make: Maker)] = [
        ("slm", slmAlone), ("llm", llmAlone), ("glimprouter", glimpRouter), ("random", random),
        ("step-entropy", stepEntropy), ("step-perplexity", stepPerplexity),
        ("speculative", speculative), ("r-stitch", rStitch), ("r-stitch-plus", rStitchPlus), ("r2r", r2r),
        ("deer", deer),
    ]

    /// Their names.
    public static var names: [String] { table.map(\.name) }

    /// The strategy of a name.
    ///
    /// - Parameter parameters: Loses the keys that belong to the strategy.
    /// - Throws: ``SpecificationError`` under the key `strategy`, or under a parameter.
    init(named name: String, parameters: inout ParameterReader) throws(SpecificationError) {
        guard let entry = Self.table.first(where: { $0.name == name }) else {
            let names = Self.names.map(\.debugDescription).joined(separator: ", ")
            throw SpecificationError(key: "strategy", expected: "one of \(names)", got: name.debugDescription)
        }
        self = try entry.make(&parameters)
        try takeCommonOptions(&parameters)
    }

    private static func slmAlone(_ reader: inout ParameterReader) -> Strategy {
        var strategy = Strategy(name: "slm", policy: FixedPolicy(owner: .slm))
        strategy.defaultFinalizer = .slm
        return strategy
    }

    private static func llmAlone(_ reader: inout ParameterReader) -> Strategy {
        Strategy(name: "llm", policy: FixedPolicy(owner: .llm))
    }

    private static func glimpRouter(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let probability = try reader.number("posterior", expected: "a number in 0...1") { (0...1).contains($0) }
        let policy: any StepPolicy
        if let probability {
            try reader.refuse(
                ["tau", "target_intervention_rate", "comparison", "entropy_support", "hysteresis"], beside: "posterior")
            policy = PosteriorPolicy(threshold: probability)
        } else {
            policy = try EntropyPolicy(&reader)
        }
        var strategy = Strategy(name: "glimprouter", policy: try FirstStepsPolicy(&reader, then: policy))
        strategy.needs.entropySample = probability != nil
        return strategy
    }

    private static func random(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let policy = try RandomPolicy(&reader)
        return Strategy(name: "random", policy: try FirstStepsPolicy(&reader, then: policy))
    }

    private static func stepEntropy(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        try measuring(.entropy, name: "step-entropy", &reader)
    }

    private static func stepPerplexity(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        try measuring(.perplexity, name: "step-perplexity", &reader)
    }

    private static func measuring(
        _ measure: DraftMeasureVerifier.Measure, name: String, _ reader: inout ParameterReader
    ) throws(SpecificationError) -> Strategy {
        let verifier = try DraftMeasureVerifier(measure, &reader)
        let first = try FirstStepsPolicy(&reader, then: DraftingPolicy())
        var strategy = Strategy(name: name, policy: first)
        strategy.verifier = verifier
        return strategy
    }
}
