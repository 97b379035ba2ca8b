/// The score interval of a proportion. Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
/// inference", J. Am. Stat. Assoc. 22 (1927).
struct WilsonInterval: Equatable {
    /// Share of hits; not a number without trials.
    let share: Double
    /// Lower end.
    let low: Double
    /// Upper end.
    let high: Double

    /// The 97.5 % point of the normal distribution.
    static let z95 = 1.959963984540054

    /// - Parameters:
    ///   - hits: Successes; need not be whole where draws of one unit were averaged.
    ///   - trials: Independent draws.
    init(hits: Double, trials: Double, z: Double = z95) {
        guard trials > 0 else {
            (share, low, high) = (.nan, .nan, .nan)
            return
        }
        share = hits / trials
        let middle = share + z * z / (2 * trials)
        let half = z * (share * (1 - share) / trials + z * z / (4 * trials * trials)).squareRoot()
        let scale = 1 + z * z / trials
        low = max(0, (middle - half) / scale)
        high = min(1, (middle + half) / scale)
    }
}
