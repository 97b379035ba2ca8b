import Foundation

/// Uncertainty of logits read as evidence of a Dirichlet distribution.
///
/// Source: Ma et al., "Estimating LLM Uncertainty with Evidence" (arXiv 2502.00290), as `thu-nics/R2R` uses it.
enum Evidence {
    /// Aleatoric uncertainty of the greatest raw logits: −Σ xᵢ/S · (ψ(xᵢ + 1) − ψ(S + 1)) with S = Σ xᵢ.
    ///
    /// Negative logits count as no evidence; without any evidence the uncertainty is infinite.
    static func aleatoricUncertainty(ofLogits logits: [Double]) -> Double {
        let evidence = logits.map { max($0, 0) }, sum = evidence.reduce(0, +)
        guard sum > 0 else { return .infinity }
        let whole = digamma(sum + 1)
        return evidence.reduce(0) { $0 - $1 / sum * (digamma($1 + 1) - whole) }
    }

    /// ψ(x) for x > 0: the recurrence up to 10, then the asymptotic series.
    ///
    /// Source: Abramowitz and Stegun, 6.3.5 and 6.3.18.
    static func digamma(_ x: Double) -> Double {
        var x = x, shift = 0.0
        while x < 10 {
            shift -= 1 / x
            x += 1
        }
        let y = 1 / (x * x)
        let series = y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132)))))
        return shift + log(x) - 0.5 / x - series
    }
}
