#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The difference of two variants on the same problems.
///
/// Seeds of one problem are not independent of each other, so they are averaged first and problems are what the
/// bootstrap draws (percentile interval; B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993, ch. 13).
/// Where no problem went one way the bootstrap takes that for impossible; the interval then reaches that way as far as
/// such problems could have been missed: a share of 1 − 0.025^(1/n) of them shows up nowhere among *n* with 2.5 %
/// (the exact bound of C. Clopper and E. Pearson, Biometrika 26, 1934).
struct PairedDifference: Equatable {
    /// Mean of first − second over problems; not a number without any.
    let mean: Double
    /// Lower end of the 95 % interval.
    let low: Double
    /// Upper end of the 95 % interval.
    let high: Double
    /// Problems that the first variant solves more often.
    let wins: Int
    /// Problems that the second variant solves more often.
    let losses: Int
    /// Problems on which they are equal.
    let ties: Int

    /// Probability of a split of wins and losses at least as uneven if both were equally likely.
    var pValue: Double { SignTest.pValue(wins: wins, losses: losses) }

    /// - Parameters:
    ///   - differences: Of each problem, the mean over seeds of first − second.
    ///   - rounds: Bootstrap rounds.
    ///   - seed: Of the bootstrap.
    init(_ differences: [Double], rounds: Int, seed: UInt64) {
        wins = differences.count { $0 > 1e-9 }
        losses = differences.count { $0 < -1e-9 }
        ties = differences.count - wins - losses
        guard !differences.isEmpty else {
            (mean, low, high) = (.nan, .nan, .nan)
            return
        }
        mean = differences.reduce(0, +) / Double(differences.count)
        let draws = ProblemDraws(seed: seed, count: differences.count)
        var means = (0..<rounds).map { round in
            var sum = 0.0
            draws.forEach(round: round) { sum += differences[$0] }
            return sum / Double(differences.count)
        }
        means.sort()
        let unseen = 1 - pow(0.025, 1 / Double(differences.count))
        low = min(Quantile.of(sorted: means, 0.025), losses == 0 ? max(mean - unseen, -1) : 1)
        high = max(Quantile.of(sorted: means, 0.975), wins == 0 ? min(mean + unseen, 1) : -1)
    }
}
