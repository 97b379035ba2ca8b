/// Latency estimates of the models of a pool on this machine, for people and for programs.
struct LatencyReport {
    /// Compute threads of the passes.
    let threads: Int
    private var fits: [(model: String, fit: LatencyFit)] = []

    init(threads: Int) { self.threads = threads }

    /// Adds a model.
    mutating func append(_ model: String, _ fit: LatencyFit) { fits.append((model, fit)) }

    /// A table of coefficients and how well they fit.
    func text(_ palette: Palette) -> String {
        var table = TextTable([
            ("model", .left), ("a, ns/n²", .right), ("b, ns/(n·kv)", .right), ("c, µs/n", .right), ("d, µs", .right),
            ("R²", .right), ("largest error", .right), ("passes", .right),
        ])
        for (model, fit) in fits {
            let x = fit.estimate
            table.append([
                model, Figures.fixed(x.a * 1e9, 3), Figures.fixed(x.b * 1e9, 3), Figures.fixed(x.c * 1e6, 2),
                Figures.fixed(x.d * 1e6, 1), Figures.fixed(fit.determination, 5),
                Figures.percent(fit.largestRelativeError), "\(fit.points.count)",
            ])
        }
        return "seconds of a pass = a·n² + b·n·kv + c·n + d, for n new tokens behind kv cached ones\n\n"
            + table.rendered(palette) + "\n"
    }

    /// The document that the scripts of Ops/routers read.
    var json: String {
        let models = fits.map { model, fit in
            let x = fit.estimate
            return (
                name: model,
                value: JSONText.object([
                    ("a", "\(x.a)"), ("b", "\(x.b)"), ("c", "\(x.c)"), ("d", "\(x.d)"), ("unit", JSONText.string("s")),
                    ("determination", JSONText.rounded(fit.determination)),
                    ("largest_relative_error", JSONText.rounded(fit.largestRelativeError)),
                    ("passes", JSONText.array(fit.points.map { "[\($0.new), \($0.cached), \($0.seconds)]" })),
                ])
            )
        }
        return JSONText.object([("threads", "\(threads)"), ("models", JSONText.object(models))]) + "\n"
    }
}
