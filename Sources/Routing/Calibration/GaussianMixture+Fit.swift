#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension GaussianMixture {
    /// Fewest values that a fit is made from.
    public static let fewestValues = 16

    /// Entropies below this count as this: their logarithms would otherwise be all the fit sees.
    public static let entropyFloor = 1e-6

    /// What the mixture of entropies is fitted to: the natural logarithm, with a floor.
    ///
    /// - Parameter entropy: In nats. Infinity and NaN stay what they are.
    public static func transform(_ entropy: Double) -> Double {
        entropy.isNaN ? entropy : log(max(entropy, entropyFloor))
    }

    /// Fits a mixture to first-token entropies (nats), by way of ``transform(_:)``.
    ///
    /// - Returns: `nil` if there are too few finite values, or all are alike.
    public static func ofEntropies(_ entropies: [Double]) -> GaussianMixture? {
        fit(entropies.filter(\.isFinite).map(transform))
    }

    /// Probability that a step of this first-token entropy (nats) belongs to the unsure ones; 1 where it is not finite.
    public func posterior(ofEntropy entropy: Double) -> Double {
        entropy.isFinite ? posterior(Self.transform(entropy)) : 1
    }

    /// Where the values are parted before the first round, as shares of them.
    private static let splits = [0.25, 0.5, 0.75, 0.9]

    /// Fits two components by expectation and maximisation (Dempster, Laird, Rubin 1977).
    ///
    /// Starts from the values below and above several quantiles, and goes on from the start that leads to the highest
    /// likelihood. Deterministic, and the order of the values does not matter: they are summed in ascending order.
    ///
    /// - Parameters:
    ///   - values: Finite, in any order.
    ///   - regularisation: Added to each variance, as scikit-learn does.
    ///   - tolerance: It ends when a round raises the mean log-likelihood by less.
    ///   - mostRounds: Or after so many rounds.
    /// - Returns: `nil` if there are fewer than ``fewestValues``, or all are equal.
    public static func fit(
        _ values: [Double], regularisation: Double = 1e-6, tolerance: Double = 1e-10, mostRounds: Int = 2000
    ) -> GaussianMixture? {
        let sorted = values.sorted()
        guard sorted.count >= fewestValues, let first = sorted.first, let last = sorted.last, first < last else {
            return nil
        }
        var best: (mixture: GaussianMixture, likelihood: Double)?
        for split in splits {
            let place = Int(split * Double(sorted.count))
            let start = GaussianMixture(
                moments(sorted[..<place], of: sorted.count, regularisation),
                moments(sorted[place...], of: sorted.count, regularisation))
            let reached = start.climbed(
                sorted, regularisation, tolerance: max(tolerance, 1e-7), mostRounds: min(mostRounds, 300))
            let likelihood = reached.meanLogLikelihood(sorted)
            if best.map({ likelihood > $0.likelihood }) ?? true { best = (reached, likelihood) }
        }
        return best?.mixture.climbed(sorted, regularisation, tolerance: tolerance, mostRounds: mostRounds)
    }

    private func climbed(
        _ values: [Double], _ regularisation: Double, tolerance: Double, mostRounds: Int
    ) -> GaussianMixture {
        var mixture = self
        var likelihood = -Double.infinity
        for _ in 0..<mostRounds {
            let (next, reached) = mixture.improved(on: values, regularisation)
            guard let next else { return mixture }
            mixture = next
            if reached - likelihood < tolerance { break }
            likelihood = reached
        }
        return mixture
    }

    private static func moments(
        _ values: ArraySlice<Double>, of total: Int, _ regularisation: Double
    ) -> Component {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return Component(weight: count / Double(total), mean: mean, variance: variance + regularisation)
    }

    /// One round; the likelihood is that before it. `nil` if a component has lost all its values.
    private func improved(on values: [Double], _ regularisation: Double) -> (GaussianMixture?, Double) {
        var likelihood = 0.0
        var mass = 0.0
        var sum = (lower: 0.0, upper: 0.0)
        var shares: [Double] = []
        shares.reserveCapacity(values.count)
        for x in values {
            let (a, b) = (lower.logWeighted(x), upper.logWeighted(x))
            let both = Self.logSum(a, b)
            let share = exp(b - both)
            likelihood += both
            mass += share
            sum.upper += share * x
            sum.lower += (1 - share) * x
            shares.append(share)
        }
        let count = Double(values.count)
        let rest = count - mass
        guard mass > 1e-9, rest > 1e-9 else { return (nil, likelihood / count) }
        let mean = (lower: sum.lower / rest, upper: sum.upper / mass)
        var spread = (lower: 0.0, upper: 0.0)
        for (x, share) in zip(values, shares) {
            spread.upper += share * (x - mean.upper) * (x - mean.upper)
            spread.lower += (1 - share) * (x - mean.lower) * (x - mean.lower)
        }
        let next = GaussianMixture(
            Component(weight: rest / count, mean: mean.lower, variance: spread.lower / rest + regularisation),
            Component(weight: mass / count, mean: mean.upper, variance: spread.upper / mass + regularisation))
        return (next, likelihood / count)
    }
}
