/// One repetition of a measurement.
struct Sample {
    /// How long it took.
    var seconds: Double
    /// What was done in that time, in the unit of the measurement.
    var amount: Int

    /// Amount per second.
    var rate: Double { Double(amount) / seconds }

    /// One line of JSON.
    var json: String {
        JSONText.object([("seconds", Figures.fixed(seconds, 9)), ("amount", "\(amount)")])
    }
}

/// Repetitions of one measurement. The median counts; the ends of the range say how far to trust it.
struct Samples {
    private let sorted: [Sample]

    /// Takes at least one repetition.
    init(_ samples: [Sample]) {
        precondition(!samples.isEmpty, "a measurement has at least one repetition")
        sorted = samples.sorted { $0.rate < $1.rate }
    }

    /// The middle one; the slower of the two in the middle.
    var median: Sample { sorted[(sorted.count - 1) / 2] }
    /// The slowest one.
    var slowest: Sample { sorted[0] }
    /// The fastest one.
    var fastest: Sample { sorted[sorted.count - 1] }
    /// How many there are.
    var count: Int { sorted.count }
}
