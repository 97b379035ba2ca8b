import Generation

/// Every step goes to the large model with the same probability: the yardstick for what routing by a signal is worth.
struct RandomPolicy: StepPolicy {
    /// Probability of the large model, in 0...1.
    let llmShare: Double

    /// Creates a policy.
    init(llmShare: Double) { self.llmShare = llmShare }

    /// Takes the key `llm_share`, which must be there.
    init(_ reader: inout ParameterReader) throws(SpecificationError) {
        guard let share = try reader.number("llm_share", expected: "a number in 0...1", where: { (0...1).contains($0) })
        else {
            throw SpecificationError(
                key: "parameters.llm_share", expected: "a number in 0...1 (strategy random needs it)", got: "nothing")
        }
        llmShare = share
    }

    func wantsProbe(before step: StepSituation) -> Bool { false }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        let draw = step.randomness.uniform(position: 0, purpose: .routing)
        return StepDecision(
            .random, owner: draw < llmShare ? .llm : .slm, signal: .init(.draw, draw), threshold: llmShare)
    }
}
