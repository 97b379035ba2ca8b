/// What the entropy of a step's first token is compared with.
enum EntropyThreshold: Sendable, Hashable {
    /// The same value for every step, in nats. 0 is a value like any other.
    case fixed(Double)
    /// Such that this share of steps (above 0, below 1) goes to the large model: what was found out across jobs when
    /// the job began; without that the exact empirical quantile of the pair's prior sample and of what this job has
    /// measured before the step.
    ///
    /// Depends on the job and the pair alone, so that a resumed job goes on with the same thresholds.
    case targetRate(Double, calibrated: Double? = nil)

    /// The threshold where there is nothing to take a quantile of; the default of the official GlimpRouter code.
    static let defaultTau = 1.0

    /// The value for the next step.
    ///
    /// - Parameters:
    ///   - prior: The pair's sample, ascending.
    ///   - observed: What this job has measured, in any order, finite.
    func value(prior: [Double], observed: [Double]) -> Double {
        switch self {
        case .fixed(let tau): tau
        case .targetRate(_, let calibrated?): calibrated
        case .targetRate(let rate, nil):
            Self.quantile(above: rate, of: prior, and: observed.sorted()) ?? Self.defaultTau
        }
    }

    /// The smallest value of two ascending samples that at most a share `rate` of all their values is above.
    private static func quantile(above rate: Double, of a: [Double], and b: [Double]) -> Double? {
        let count = a.count + b.count
        if count == 0 { return nil }
        var skip = min(Int(rate * Double(count)), count - 1)
        var i = a.count
        var j = b.count
        while true {
            let takesA = j == 0 || (i > 0 && a[i - 1] >= b[j - 1])
            let largest = takesA ? a[i - 1] : b[j - 1]
            if skip == 0 { return largest }
            skip -= 1
            if takesA { i -= 1 } else { j -= 1 }
        }
    }
}
