import Generation

/// GlimpRouter with a probability in place of nats: two normal distributions, of sure and of unsure steps, are fitted to
/// the first-token entropies of the pair's sample, and the large model writes a step if it is among the unsure ones with
/// more than a given probability. So the threshold means the same for every small model.
///
/// Source: STEER (arXiv 2511.06190), which fits its confidence score; here it is the logarithm of the entropy, see
/// ``GaussianMixture``.
struct PosteriorPolicy: StepPolicy {
    /// The large model writes above this probability.
    let threshold: Double

    func wantsProbe(before step: StepSituation) -> Bool { true }

    func decide(_ step: StepSituation, signals: DistributionSignals?) -> StepDecision {
        guard let signals else { preconditionFailure("this policy always asks for a probe") }
        guard signals.entropy.isFinite, let mixture = step.priorMixture else {
            return StepDecision(.nonFinite, owner: .llm, threshold: threshold)
        }
        let posterior = mixture.posterior(ofEntropy: signals.entropy)
        let isUnsure = posterior > threshold
        return StepDecision(
            isUnsure ? .posteriorAbove : .posteriorAtMost, owner: isUnsure ? .llm : .slm,
            signal: .init(.posterior, posterior), threshold: threshold)
    }
}
