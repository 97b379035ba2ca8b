#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The exact two-sided sign test; on one yes-or-no answer per problem it is McNemar's exact test (Q. McNemar, "Note on
/// the sampling error of the difference between correlated proportions or percentages", Psychometrika 12, 1947).
enum SignTest {
    /// Probability, were wins and losses equally likely, of a split at least as uneven; 1 if there are neither.
    static func pValue(wins: Int, losses: Int) -> Double {
        let count = wins + losses
        guard count > 0 else { return 1 }
        let fewer = min(wins, losses)
        let whole = lgamma(Double(count + 1)) - Double(count) * log(2.0)
        var tail = 0.0
        for hits in 0...fewer {
            tail += exp(whole - lgamma(Double(hits + 1)) - lgamma(Double(count - hits + 1)))
        }
        return min(1, 2 * tail)
    }
}
