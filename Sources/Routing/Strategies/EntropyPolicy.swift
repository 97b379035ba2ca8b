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
    /// Half of the distance between two thresholds, in nats: behind a step of the small model the entropy must be above
    /// τ + h for the large one to write, behind a step of the large model at or below τ − h (at least 0) for the small
    /// one; in between the owner stays. The first step has the threshold itself. Ours; 0 is GlimpRouter.
    var hysteresis = 0.0

    /// Creates a policy.
    init(threshold: EntropyThreshold, comparison: Comparison = .above, topEntropySupport: Int? = nil) {
        self.threshold = threshold
        self.comparison = comparison
        self.topEntropySupport = topEntropySupport
    }

    /// Takes the keys `tau` or `target_intervention_rate`, `comparison`, `entropy_support` and `hysteresis`; beside a
    /// target rate also `calibrated_tau`, which workers add.
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
        hysteresis = try reader.number("hysteresis", expected: "a number, at least 0 (nats)") { $0 >= 0 } ?? 0
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
        let plain = rule(entropy, threshold)
        var (rule, shifted) = (plain, threshold)
        if hysteresis > 0, let previous = step.history.last?.owner {
            shifted = previous == .slm ? threshold + hysteresis : max(0, threshold - hysteresis)
            rule = self.rule(entropy, shifted)
        }
        let owner: StepOwner = rule == .entropyAbove || rule == .entropyAtLeast ? .llm : .slm
        return StepDecision(
            rule == plain ? rule : .staysOwner, owner: owner, signal: .init(name, entropy), threshold: shifted)
    }

    private func rule(_ entropy: Double, _ threshold: Double) -> StepDecision.Rule {
        switch comparison {
        case .above: entropy > threshold ? .entropyAbove : .entropyAtMost
        case .atLeast: entropy >= threshold ? .entropyAtLeast : .entropyBelow
        }
    }
}
