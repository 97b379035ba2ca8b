extension Strategy {
    /// The methods that look at a whole draft of a step, by their names.
    static let stepMethods: [(name: String, make: Maker)] = [
        ("llm-judge", llmJudge), ("specreason", specReason), ("rsd", rewardGuided), ("speccot", specCoT),
    ]

    /// The small model drafts each step, but for first ones, and a verifier decides.
    private static func drafting(
        _ name: String, _ verifier: any StepVerifier, _ reader: inout ParameterReader
    ) throws(SpecificationError) -> Strategy {
        var strategy = Strategy(name: name, policy: try FirstStepsPolicy(&reader, then: DraftingPolicy()))
        strategy.verifier = verifier
        return strategy
    }

    private static func llmJudge(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        try drafting("llm-judge", try JudgeVerifier(&reader), &reader)
    }

    /// SpecReason. `native` ends the thinking where its code does: a step with an answer marker stands as the answer, and
    /// the end-of-thinking tag is left out and does not count. Where it ends otherwise (budget, repetition, end of text)
    /// the finaliser answers as in the other methods; the code has no answer then.
    private static func specReason(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        var strategy = try drafting("specreason", try JudgeVerifier(&reader), &reader)
        if try reader.flag("native") ?? false {
            strategy.thinkingEndCounts = false
            strategy.exitRules.insert(AnswerMarkerRule(), at: 0)
        }
        return strategy
    }

    private static func rewardGuided(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let verifier = try RewardVerifier(&reader)
        var strategy = try drafting("rsd", verifier, &reader)
        strategy.needs.scorer = verifier.scorer == .head
        return strategy
    }

    private static func specCoT(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let verifier = try ChoiceVerifier(&reader)
        let drafts = try reader.integer("drafts", in: 1...SessionSequences.maximumDrafts) ?? 3
        let first = try reader.integer("direction_steps", in: 0...1_000_000) ?? 1
        var strategy = Strategy(name: "speccot", policy: FirstStepsPolicy(count: first, then: DraftingPolicy()))
        strategy.writer = SideBySideWriter(count: drafts, inner: strategy.writer)
        strategy.verifier = verifier
        strategy.needs.drafts = drafts
        return strategy
    }
}
