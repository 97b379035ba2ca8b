import Generation

/// Finds out that the small model has been unsure for a while: the prefix may have gone astray, which a look at the next
/// step alone cannot see.
///
/// Source of the idea: SARR-CoDE, a design note that follows the trend of the small model's confidence, normalised by
/// percentiles. The statistic is ours: the entropy before each step is turned into its rank u in 0...1 among the pair's
/// sample and the job's own earlier values, which is uniform while nothing changes, and Page's one-sided cumulative sum
/// (Biometrika 1954) S ← max(0, S + u − ½ − ``slack``) raises the alarm above ``limit``. The sum was last 0 before the
/// steps that are to blame. With uniform ranks an alarm comes once in about 450 steps (simulated), with ranks in
/// 0.7...1 after 6.
///
/// Looks at the probes where the job has any. Else the small model's mean entropy over each step it wrote stands in,
/// ranked among the job's own values alone, as the pair's sample is of first tokens.
struct DriftDetector: Sendable, Hashable {
    /// How far above the middle a rank must be to count against the small model.
    static let slack = 0.2
    /// The sum above which there is drift.
    static let limit = 0.8
    /// Ranks above this raise the sum.
    static let unsureRank = 0.5 + slack
    /// Number of measured steps that are looked at, which bounds the work per step.
    static let window = 64

    /// One measured step.
    struct Measurement: Hashable {
        /// Its place in the records.
        var place: Int
        /// The entropy, in nats.
        var entropy: Double
        /// Whether it was measured before the step, so that it tells of the steps before.
        var isGlimpse: Bool
    }

    /// The place of the first record to blame, if the newest record raises the alarm.
    ///
    /// A probe tells of what stands before its step: blamed is the step before the first probe of the run.
    func firstSuspect(_ records: [StepRecord], prior: [Double]) -> Int? {
        let measurements = Self.measurements(records)
        guard let last = measurements.last, last.place == records.count - 1 else { return nil }
        // After a rollback the sum begins anew: what is left was found sound.
        let restart = records.lastIndex { $0.details.rollback != nil } ?? 0
        var sum = 0.0
        var start: Measurement?
        for (number, measurement) in measurements.enumerated() where measurement.place >= restart {
            let earlier = measurements[..<number].map(\.entropy)
            let rank = Self.rank(of: measurement.entropy, in: measurement.isGlimpse ? prior : [], and: earlier)
            if sum == 0 { start = measurement }
            sum = max(0, sum + rank - 0.5 - Self.slack)
        }
        guard sum > Self.limit, let start else { return nil }
        return start.isGlimpse ? max(start.place - 1, 0) : start.place
    }

    /// Share of two samples that is below a value, half of what equals it included; ½ without any.
    ///
    /// - Parameter sorted: Ascending.
    static func rank(of value: Double, in sorted: [Double], and others: [Double]) -> Double {
        let count = sorted.count + others.count
        if count == 0 { return 0.5 }
        let below = sorted.partition(before: value) + others.count { $0 < value }
        let upTo = sorted.partition(upTo: value) + others.count { $0 <= value }
        return Double(below + upTo) / Double(2 * count)
    }

    /// The newest measured steps, oldest first.
    static func measurements(_ records: [StepRecord]) -> [Measurement] {
        let all = records.indices
        let glimpses = all.compactMap { place in
            records[place].glimpse?.entropy.map { Measurement(place: place, entropy: $0, isGlimpse: true) }
        }
        if !glimpses.isEmpty { return glimpses.suffix(window) }
        let means = all.compactMap { place in
            let record = records[place]
            guard record.owner == .slm, !record.isContinuation, let entropy = record.meanEntropy else {
                return nil as Measurement?
            }
            return Measurement(place: place, entropy: entropy, isGlimpse: false)
        }
        return means.suffix(window)
    }
}

extension [Double] {
    /// Number of values below one, of an ascending row.
    fileprivate func partition(before value: Double) -> Int { partition { $0 < value } }

    /// Number of values at most one.
    fileprivate func partition(upTo value: Double) -> Int { partition { $0 <= value } }

    private func partition(_ isLeft: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isLeft(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
