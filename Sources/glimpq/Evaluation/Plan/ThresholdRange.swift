#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A parameter that sets the large model's share, and where to look for its value.
struct ThresholdRange: Equatable {
    /// Its name.
    var parameter: String
    /// Least value.
    var low: Double
    /// Greatest value.
    var high: Double
    /// Whether the share rises with it.
    var isRising: Bool
    /// Value that the search measures distances from by their logarithm; `nil` halves intervals as they are.
    var origin: Double?
    /// What the share is of unless the plan says.
    var unit = ShareTarget.Unit.steps

    /// The known strategies' thresholds.
    static func usual(strategy: String) -> ThresholdRange? {
        switch strategy {
        case "glimprouter", "step-entropy":
            ThresholdRange(parameter: "tau", low: 1e-5, high: 8, isRising: false, origin: 0)
        case "step-perplexity":
            ThresholdRange(parameter: "tau", low: 1.000001, high: 100, isRising: false, origin: 1)
        case "llm-judge", "specreason":
            ThresholdRange(parameter: "theta", low: 0, high: 9, isRising: true)
        case "rsd": ThresholdRange(parameter: "delta", low: 0, high: 1, isRising: true)
        case "random": ThresholdRange(parameter: "llm_share", low: 0, high: 1, isRising: true)
        case "r-stitch":
            ThresholdRange(parameter: "tau", low: 1e-6, high: 1, isRising: false, origin: 0, unit: .tokens)
        case "r2r":
            ThresholdRange(parameter: "threshold", low: 1e-6, high: 1, isRising: false, origin: 0, unit: .tokens)
        case "r-stitch-plus":
            ThresholdRange(parameter: "switch_at", low: 1e-6, high: 1, isRising: false, origin: 0, unit: .tokens)
        default: nil
        }
    }

    /// The value halfway between two.
    func middle(_ a: Double, _ b: Double) -> Double {
        guard let origin, a > origin, b > origin else { return (a + b) / 2 }
        return origin + exp((log(a - origin) + log(b - origin)) / 2)
    }
}
