import Generation

/// Bootstrap samples of problems: which problems a round draws is a function of seed and round alone, so that every
/// figure of a report can be computed again, and all comparisons of a report see the same samples.
struct ProblemDraws {
    /// Key of the generator.
    let seed: UInt64
    /// Number of problems; a round draws as many, with replacement.
    let count: Int

    /// Calls `body` with each draw of a round. Draw 4n+k is word k of Philox4x32-10 with counter (n, round, 2, 0),
    /// scaled to 0..<count by the high half of a product.
    func forEach(round: Int, _ body: (Int) -> Void) {
        let key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        let range = UInt64(count)
        var drawn = 0
        while drawn < count {
            let words = Philox.words(
                counter: (UInt32(truncatingIfNeeded: drawn / 4), UInt32(truncatingIfNeeded: round), 2, 0), key: key)
            body(Int((UInt64(words.0) * range) >> 32))
            if drawn + 1 < count { body(Int((UInt64(words.1) * range) >> 32)) }
            if drawn + 2 < count { body(Int((UInt64(words.2) * range) >> 32)) }
            if drawn + 3 < count { body(Int((UInt64(words.3) * range) >> 32)) }
            drawn += 4
        }
    }
}
