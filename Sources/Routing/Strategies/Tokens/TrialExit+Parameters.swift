extension TrialExit {
    /// Where the job does not say.
    private static let usualThreshold = 0.95
    private static let usualWords = ["Wait", "Alternatively"]

    /// Takes the keys that begin with `exit_`; `nil` where `exit_confidence` is absent and nothing is usual.
    ///
    /// - Parameters:
    ///   - isUsual: Whether the strategy tries to leave where the job does not say how.
    ///   - isConfirmed: Whether the large model reads along.
    init?(
        _ reader: inout ParameterReader, isUsual: Bool = false, isConfirmed: Bool
    ) throws(SpecificationError) {
        let known = reader.keys.filter { $0.hasPrefix("exit_") && $0 != "exit_confidence" }
        let threshold = try reader.number("exit_confidence", expected: "a number in 0...1") { (0...1).contains($0) }
        let policy = try reader.name("exit_policy", as: TrialConfidence.self)
        let words = try reader.texts("exit_words")
        let inducer = try reader.text("exit_inducer", expected: "text") { !$0.isEmpty }
        let skipsFirst = try reader.flag("exit_skip_first")
        let mustEnd = try reader.flag("exit_must_end")
        let trials = try reader.integer("exit_trials", in: 1...10_000)
        let tokens = try reader.integer("exit_trial_tokens", in: 1...4096)
        guard let threshold = threshold ?? (isUsual ? Self.usualThreshold : nil) else {
            if let stray = known.min() {
                throw SpecificationError(
                    key: "parameters.\(stray)", expected: "exit_confidence beside it (it turns early exit on)",
                    got: "it alone")
            }
            return nil
        }
        self.threshold = threshold
        confidence = policy ?? .geometric
        self.words = words ?? Self.usualWords
        self.inducer = inducer
        self.skipsFirst = skipsFirst ?? (inducer?.last == "{")
        self.mustEnd = mustEnd ?? true
        maximumTrials = trials ?? 10
        maximumTokens = tokens ?? 20
        self.isConfirmed = isConfirmed
    }
}
