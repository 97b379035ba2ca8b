import Generation

extension Strategy {
    /// DEER: one model thinks, and leaves early where a trial answer is sure enough.
    ///
    /// Its default words are those of large reasoning models; a model that uses none of them is tried at every step
    /// with `exit_words: []`.
    static func deer(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let owner = try reader.name("owner", as: StepOwner.self) ?? .llm
        var strategy = Strategy(name: "deer", policy: FixedPolicy(owner: owner))
        strategy.earlyExit = try TrialExit(&reader, isUsual: true, isConfirmed: false)
        if owner == .slm { strategy.defaultFinalizer = .slm }
        return strategy
    }
}
