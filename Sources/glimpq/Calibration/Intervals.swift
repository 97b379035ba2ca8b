import Foundation

/// Intervals of 95 % that hold whatever the distribution.
enum Intervals {
    private static let z = 1.959963984540054

    /// Wilson's score interval of a share.
    static func wilson(share: Double, trials: Double) -> ClosedRange<Double> {
        guard trials > 0 else { return 0...1 }
        let centre = share + z * z / (2 * trials)
        let half = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
        let scale = 1 + z * z / trials
        return max(0, (centre - half) / scale)...min(1, (centre + half) / scale)
    }

    /// Places, from 0, in a sample sorted from the highest value down, between which the quantile that a share of the
    /// distribution is above lies with at least 95 %.
    ///
    /// The number of values above the quantile is binomial; each tail gets at most 2.5 %. `nil` where even the extreme
    /// value is not sure enough.
    static func quantileRanks(share: Double, count: Int) -> (shallow: Int?, deep: Int?) {
        // P(at most k values above) for k = 0…count.
        var cumulative = 0.0
        var shallow: Int?
        var deep: Int?
        var logProbability = Double(count) * log1p(-share)  // that none is above
        for k in 0...count {
            let before = cumulative
            cumulative += exp(logProbability)
            logProbability += log(Double(count - k) / Double(k + 1)) + log(share) - log1p(-share)
            // The k-th highest value (place k − 1) is above the quantile unless fewer than k values are.
            if k > 0, before <= 0.025 { shallow = k - 1 }
            // The value at place k is at most the quantile unless more than k values are above.
            if deep == nil, k < count, 1 - cumulative <= 0.025 { deep = k }
        }
        return (shallow, deep)
    }
}
