import Generation

extension Strategy {
    /// The large model alone, with speculative decoding.
    static func speculative(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        var strategy = Strategy(name: "speculative", policy: FixedPolicy(owner: .llm))
        if let speculation = try Speculation(&reader, usualDraftTokens: Speculation.usualDraftTokens) {
            strategy.speculate(speculation)
        }
        return strategy
    }

    /// Lets the large model write with drafts of the small one wherever it writes: steps, rewritten steps, the answer.
    mutating func speculate(_ speculation: Speculation) {
        writer = writer.speculating(speculation)
        answerWriter = answerWriter.speculating(speculation)
        needs.readers.insert(.slm)
        needs.equalVocabularies = needs.equalVocabularies ?? Speculation.vocabularyReason
    }
}
