/// What a bench of the queue found, for people and for programs.
struct QueueFigures {
    /// One number with its name for programs and its words for people.
    private var entries: [(name: String, value: Double?, words: String)]

    init(_ tally: ClaimBench.Tally, seconds: Double) {
        entries = [
            ("jobs_per_second", Double(tally.jobs) / seconds, "jobs per s"),
            ("jobs", Double(tally.jobs), "jobs"), ("seconds", seconds, "s"),
            ("claims", Double(tally.claims.milliseconds.count), "claims"),
        ]
        entries += Self.quantiles(tally.claims, "claim") + Self.quantiles(tally.finishes, "finish")
    }

    init(_ outcome: TraceBench.Outcome) {
        entries = [
            ("rows_per_second", Double(outcome.rows) / outcome.seconds, "rows per s"),
            ("rows", Double(outcome.rows), "rows"), ("seconds", outcome.seconds, "s"),
        ]
        entries += Self.quantiles(outcome.idle, "idle_claim") + Self.quantiles(outcome.busy, "busy_claim")
    }

    private static func quantiles(
        _ samples: LatencySamples, _ name: String
    ) -> [(name: String, value: Double?, words: String)] {
        [(50, "p50"), (90, "p90"), (99, "p99")].map { percent, suffix in
            (
                "\(name)_\(suffix)_ms", samples.quantile(Double(percent) / 100),
                "ms \(name.replacing("_", with: " ")) \(suffix)"
            )
        }
    }

    /// A JSON object.
    var json: String {
        JSONText.object(entries.map { ($0.name, $0.value.map(JSONText.rounded) ?? "null") })
    }

    /// One line.
    var text: String {
        entries.compactMap { entry in
            entry.value.map { "\(Self.digits($0)) \(entry.words)" }
        }.joined(separator: "   ")
    }

    private static func digits(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? Figures.grouped(Int(value)) : Figures.fixed(value, 2)
    }
}
