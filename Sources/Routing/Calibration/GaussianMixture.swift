#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Two normal distributions and how often each occurs: what STEER (arXiv 2511.06190, AAAI 2026) fits to the confidence
/// of steps, so that a threshold can be a probability instead of nats that mean something else for every model.
///
/// First-token entropies are positive and have a heavy tail; ``ofEntropies(_:)`` fits their logarithms. The paper's exact
/// confidence and transform were not obtainable; both are ours.
public struct GaussianMixture: Sendable, Hashable, Codable {
    /// One normal distribution.
    public struct Component: Sendable, Hashable, Codable {
        /// Share of the values that it makes, in 0...1.
        public var weight: Double
        /// Its mean.
        public var mean: Double
        /// Its variance, above 0.
        public var variance: Double

        /// Creates a distribution.
        public init(weight: Double, mean: Double, variance: Double) {
            self.weight = weight
            self.mean = mean
            self.variance = variance
        }

        /// Natural logarithm of weight · density.
        func logWeighted(_ x: Double) -> Double {
            log(weight) - 0.5 * (log(2 * .pi * variance) + (x - mean) * (x - mean) / variance)
        }
    }

    /// The component with the lower mean: sure steps, if the values are entropies.
    public var lower: Component
    /// The component with the higher mean: unsure steps.
    public var upper: Component

    /// Creates a mixture; the components are put in order.
    public init(_ a: Component, _ b: Component) {
        (lower, upper) = a.mean <= b.mean ? (a, b) : (b, a)
    }

    /// Probability that a value comes from the upper component; it never falls while the value rises.
    ///
    /// With unequal variances Bayes' rule alone turns round far outside, where the wider component outweighs the other
    /// on both sides: there the probability stays what it is at the turn.
    public func posterior(_ x: Double) -> Double {
        let curvature = 1 / upper.variance - 1 / lower.variance
        if curvature == 0 || x.isNaN { return plainPosterior(x) }
        let turn = (upper.mean / upper.variance - lower.mean / lower.variance) / curvature
        return plainPosterior(curvature > 0 ? min(x, turn) : max(x, turn))
    }

    /// Probability that a value comes from the upper component, by Bayes' rule alone.
    public func plainPosterior(_ x: Double) -> Double {
        let difference = lower.logWeighted(x) - upper.logWeighted(x)
        return 1 / (1 + exp(difference))
    }

    /// Mean natural logarithm of the density over some values; 0 values give 0.
    public func meanLogLikelihood(_ values: [Double]) -> Double {
        if values.isEmpty { return 0 }
        return values.reduce(0) { $0 + Self.logSum(lower.logWeighted($1), upper.logWeighted($1)) }
            / Double(values.count)
    }

    static func logSum(_ a: Double, _ b: Double) -> Double {
        let high = max(a, b)
        return high + log(exp(a - high) + exp(b - high))
    }
}
