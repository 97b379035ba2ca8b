import Generation

/// GlimpRouter: the small model predicts only the first token of a step; if it is sure of it, it writes the step, else
/// the large model does.
///
/// Source: GlimpRouter (arXiv 2601.05110), section 3; the official code differs in comparison and entropy support, and
/// both can be chosen.
struct EntropyPolicy: StepPolicy {
    /// Which side of the threshold the threshold itself belongs to.
    enum Comparison: String, Sendable, Hashable, CaseIterable {
        /// Large model if above the threshold: the paper.
        case above = "gt"
        /// Large model if at or above the threshold: the official code.
        case atLeast = "ge"
    }

    /// What the entropy is compared with.
    let threshold: EntropyThreshold
    /// How.
    let comparison: Comparison
    /// Entropy over this many most probable tokens, renormalised; `nil` for the full vocabulary.
    let topEntropySupport: Int?

    /// Creates a policy.
    init(threshold: EntropyThreshold, comparison: Comparison = .above, topEntropySupport: Int? = nil) {
        self.threshold = threshold
        self.comparison = comparison
        self.topEntropySupport = topEntropySupport
    }

    /// Takes the keys `tau` or `target_intervention_rate`, `comparison` and `entropy_support`; beside a target rate also
    /// `calibrated_tau`, which workers add.
    init(_ reader: inout ParameterReader) throws(SpecificationError) {
        let tau = try reader.number("tau", expected: "a number, at least 0 (nats)") { $0 >= 0 }
        let rate = try reader.number("target_intervention_rate", expected: "a number above 0 and below 1") {
            $0 > 0 && $0 < 1
        }
        if let tau, rate != nil {
            throw SpecificationError(
                key: "parameters.tau", expected: "tau or target_intervention_rate", got: "both (tau \(tau))")
        }
        let calibrated = try reader.number("calibrated_tau", expected: "a number, at least 0 (nats)") { $0 >= 0 }
        if let calibrated, rate == nil {
            throw SpecificationError(
                key: "parameters.calibrated_tau", expected: "it beside target_intervention_rate only",
                got: "\(calibrated) alone")
        }
        threshold = rate.map { .targetRate($0, calibrated: calibrated) } ?? .fixed(tau ?? EntropyThreshold.defaultTau)
        comparison = try reader.name("comparison", as: Comparison.self) ?? .above
        topEntropySupport = try reader.integer("entropy_support", in: 2...1000, or: "full") ?? nil
    }

    func wantsProbe(before step: StepSituation) -> Bool { true }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        guard let signals else { preconditionFailure("this policy always asks for a probe") }
        let name: StepDecision.Signal.Name = topEntropySupport == nil ? .entropy : .topEntropy
        let entropy = (topEntropySupport == nil ? signals.entropy : signals.topEntropy) ?? .nan
        let threshold = self.threshold.value(
            prior: topEntropySupport == nil ? step.priorEntropies : [],
            observed: step.history.compactMap { $0.decision.signal }.filter { $0.name == name }.map(\.value))
        guard entropy.isFinite else { return StepDecision(.nonFinite, owner: .llm, threshold: threshold) }
        let rule: StepDecision.Rule =
            switch comparison {
            case .above: entropy > threshold ? .entropyAbove : .entropyAtMost
            case .atLeast: entropy >= threshold ? .entropyAtLeast : .entropyBelow
            }
        let owner: StepOwner = rule == .entropyAbove || rule == .entropyAtLeast ? .llm : .slm
        return StepDecision(rule, owner: owner, signal: .init(name, entropy), threshold: threshold)
    }
}
