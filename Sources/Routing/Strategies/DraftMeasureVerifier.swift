import Generation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The small model writes every step; where it was unsure of its words, the large model writes the step again. The
/// "generate, then measure" methods that GlimpRouter is compared with.
///
/// Source: GlimpRouter (arXiv 2601.05110), ablations H_step and PPL_step. The delimiter's token is part of the mean.
struct DraftMeasureVerifier: StepVerifier {
    /// What is measured on a draft.
    enum Measure: Sendable, Hashable {
        /// Mean full-vocabulary entropy of its tokens, in nats.
        case entropy
        /// exp of the mean negative log-probability of its tokens.
        case perplexity
    }

    /// What is measured.
    let measure: Measure
    /// The draft is kept if the measure is at most this.
    let threshold: Double

    /// Creates a verifier.
    init(measure: Measure, threshold: Double) {
        self.measure = measure
        self.threshold = threshold
    }

    /// Takes the key `tau`, which must be there.
    init(_ measure: Measure, _ reader: inout ParameterReader) throws(SpecificationError) {
        guard let tau = try reader.number("tau", expected: "a number, at least 0", where: { $0 >= 0 }) else {
            throw SpecificationError(
                key: "parameters.tau", expected: "a number, at least 0 (this strategy has no default)", got: "nothing")
        }
        self.init(measure: measure, threshold: tau)
    }

    func review(_ draft: StepDraft, in context: StepContext) -> StepReview { review(draft) }

    func review(_ draft: StepDraft) -> StepReview {
        let generation = draft.generation
        // An empty draft says nothing; the large model would not be asked for less.
        guard draft.decision.owner == .slm, generation.measuredTokens > 0 else { return .accept() }
        let count = Double(generation.measuredTokens)
        let signal: StepDecision.Signal =
            switch measure {
            case .entropy: .init(.stepEntropy, generation.entropySum / count)
            case .perplexity: .init(.stepPerplexity, exp(-generation.logProbability / count))
            }
        guard signal.value.isFinite else {
            return .rewrite(StepDecision(.nonFinite, owner: .llm, threshold: threshold))
        }
        if signal.value <= threshold {
            return .accept(StepDecision(.draftAccepted, owner: .slm, signal: signal, threshold: threshold))
        }
        return .rewrite(StepDecision(.draftRejected, owner: .llm, signal: signal, threshold: threshold))
    }
}
