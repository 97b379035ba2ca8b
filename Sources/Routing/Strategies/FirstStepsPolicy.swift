import Generation

/// The large model writes the first steps, which set the course; then another policy chooses.
struct FirstStepsPolicy: StepPolicy {
    /// Number of steps.
    let count: Int
    /// Who chooses then.
    let rest: any StepPolicy

    /// Puts first steps before a policy.
    init(count: Int, then rest: any StepPolicy) {
        self.count = count
        self.rest = rest
    }

    /// Takes the key `first_llm_steps`.
    init(_ reader: inout ParameterReader, then rest: any StepPolicy) throws(SpecificationError) {
        self.init(count: try reader.integer("first_llm_steps", in: 0...1_000_000) ?? 0, then: rest)
    }

    var topEntropySupport: Int? { rest.topEntropySupport }

    func wantsProbe(before step: StepSituation) -> Bool {
        step.stepNumber >= count && rest.wantsProbe(before: step)
    }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        step.stepNumber < count ? StepDecision(.firstSteps, owner: .llm) : rest.decide(step, signals: signals)
    }
}
