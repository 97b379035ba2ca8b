/// A share of right answers where each problem was tried several times: answers to one problem are alike, so the interval
/// is Wilson's for the number of independent answers that would leave as much doubt.
///
/// That number is share × (1 − share) / (variance of the mean over problems), kept between the number of problems and
/// that of answers (E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected number of
/// positive counts estimated from survey data", Survey Methodology 24, 1998, with Wilson's interval in place of theirs).
struct ClusteredShare: Equatable {
    /// Share and interval.
    let interval: WilsonInterval
    /// The number of independent answers.
    let effectiveCount: Double

    /// - Parameters:
    ///   - means: Share of right answers of each problem.
    ///   - answers: Number of answers in all.
    init(means: [Double], answers: Int) {
        let count = Double(means.count)
        let share = means.isEmpty ? 0 : means.reduce(0, +) / count
        let squares = means.reduce(0) { $0 + ($1 - share) * ($1 - share) }
        let variance = means.count > 1 ? squares / (count - 1) / count : 0
        let equivalent = variance > 0 ? share * (1 - share) / variance : count
        effectiveCount = min(max(equivalent, count), Double(max(answers, means.count)))
        interval = WilsonInterval(hits: share * effectiveCount, trials: effectiveCount)
    }
}
