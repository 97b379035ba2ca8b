#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Entropy of small explicit distributions in double precision; the yardstick for the fused kernels of the engine.
public enum Entropy {
    /// Shannon entropy in nats of probabilities that sum to 1; 0·ln 0 counts as 0.
    public static func nats(ofProbabilities probabilities: [Double]) -> Double {
        let sum = probabilities.reduce(0) { total, p in p > 0 ? total - p * log(p) : total }
        return sum > 0 ? sum : 0  // one-hot gives −0.0
    }

    /// Entropy of the `support` largest probabilities renormalised to sum to 1, in nats.
    public static func nats(ofProbabilities probabilities: [Double], support: Int) -> Double {
        let kept = probabilities.sorted(by: >).prefix(support)
        let mass = kept.reduce(0, +)
        guard mass > 0 else { return 0 }
        return nats(ofProbabilities: kept.map { $0 / mass })
    }

    /// Entropy of the softmax of logits at a temperature above 0, in nats; NaN if any logit is NaN.
    public static func nats(ofLogits logits: [Double], temperature: Double = 1) -> Double {
        guard let maximum = logits.max() else { return 0 }
        let weights = logits.map { exp(($0 - maximum) / temperature) }
        let mass = weights.reduce(0, +)
        if mass.isNaN { return .nan }
        return nats(ofProbabilities: weights.map { $0 / mass })
    }
}
