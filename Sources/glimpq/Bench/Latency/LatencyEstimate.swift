/// How long a forward pass takes that adds `n` tokens to `k` cached ones: a·n² + b·n·k + c·n + d, in seconds.
///
/// The regressors are those that the statements of R-Stitch (arXiv 2507.17307) leave open and attention asks for: each
/// new token meets the cached ones and the new ones before it (b, a), has its matrix products (c), and the pass its
/// fixed part (d). A decoding step is n = 1.
struct LatencyEstimate: Sendable, Hashable {
    /// Seconds per square of new tokens.
    var a: Double
    /// Seconds per pair of a new and a cached token.
    var b: Double
    /// Seconds per new token.
    var c: Double
    /// Seconds per pass.
    var d: Double

    /// What the coefficients stand before.
    static func regressors(new: Int, cached: Int) -> [Double] {
        let n = Double(new)
        return [n * n, n * Double(cached), n, 1]
    }

    /// Time of one pass.
    func seconds(new: Int, cached: Int) -> Double {
        let x = Self.regressors(new: new, cached: cached)
        return a * x[0] + b * x[1] + c * x[2] + d * x[3]
    }

    /// Time of passes one after the other.
    func seconds(of passes: some Sequence<(new: Int, cached: Int)>) -> Double {
        passes.reduce(0) { $0 + seconds(new: $1.new, cached: $1.cached) }
    }
}

/// One measured pass.
struct LatencyPoint: Sendable, Hashable {
    /// Tokens that the pass added.
    var new: Int
    /// Tokens that were there.
    var cached: Int
    /// How long it took.
    var seconds: Double
}
