import Queue

/// All that a report says about one data set.
struct DatasetReport {
    /// Its name.
    let name: String
    /// The variants with results.
    let summaries: [VariantSummary]
    let plan: EvaluationPlan
    /// What the steps of some variants say about signals.
    var signals: [SignalReport] = []

    /// The variant that all are compared with.
    var baseline: VariantSummary? { summaries.first { $0.variant.name == plan.baseline } }

    /// Accuracy and cost.
    var accuracyTable: ReportTable {
        var table = ReportTable(
            caption: "Accuracy and cost on \(name)",
            note: """
                Accuracy with its 95 % interval (Wilson, for as many independent answers as the answers of one problem leave); \
                the difference to \(plan.baseline) in points, on the same problems and seeds, with a 95 % interval by \
                bootstrap over problems, and as far as none seen among so few leaves possible where no problem went one \
                way. LLM steps and tokens are shares of what was kept; "of LLM alone" compares all tokens that the large \
                model wrote. Compute is parameters × tokens relative to \(plan.baseline), \
                without and with the reading of context. ● marks the Pareto front of accuracy against compute.
                """,
            columns: [
                "#", "variant", "problems × seeds", "accuracy [95 %]", "minus \(plan.baseline), points [95 %]",
                "LLM steps",
                "LLM tokens", "LLM tokens of LLM alone", "compute, decoding", "compute with context", "front",
            ], texts: [1])
        let front = ParetoFront.contains(points { $0.decodeCompute })
        for (index, one) in summaries.enumerated() {
            let difference = baseline.flatMap {
                one.variant.name == $0.variant.name ? nil : one.difference(to: $0, plan.bootstrap)
            }
            table.rows.append([
                "\(one.number)", one.variant.name, Figures.grouped(one.results),
                ReportText.share(one.accuracy.interval),
                difference.map(ReportText.points) ?? "–", ReportText.percent(one.llmStepShare),
                ReportText.percent(one.llmTokenShare), relative(one) { $0.llmTokens },
                relative(one) { $0.decodeCompute },
                relative(one) { $0.totalCompute }, front[index] ? "●" : "",
            ])
        }
        return table
    }

    /// Time and pace.
    var timeTable: ReportTable? {
        let numbers = inFlights
        if numbers.isEmpty { return nil }
        var table = ReportTable(
            caption: "Time on \(name)",
            note: """
                Active time is the time in which models worked on a problem, in milliseconds: half of the problems took no \
                longer than p50, 95 % no longer than p95. Problems per minute count the time of the worker process from \
                its first claim to its last result. ● marks the Pareto front of accuracy against the p50.
                """,
            columns: ["#", "variant", "timed"]
                + numbers.flatMap { count in
                    ["p50 at \(count)", "p95 at \(count)", "problems/min at \(count)", "front at \(count)"]
                }, texts: [1])
        let fronts = numbers.map { count in
            ParetoFront.contains(points { $0.cell(inFlight: count)?.activeSeconds(0.5) ?? .nan })
        }
        for (index, one) in summaries.enumerated() {
            table.rows.append(
                ["\(one.number)", one.variant.name, Figures.grouped(one.timings.reduce(0) { $0 + $1.results })]
                    + numbers.enumerated().flatMap { place, count in
                        guard let cell = one.cell(inFlight: count) else { return ["–", "–", "–", ""] }
                        return [
                            ReportText.milliseconds(cell.activeSeconds(0.5)),
                            ReportText.milliseconds(cell.activeSeconds(0.95)), ReportText.number(cell.perMinute, 0),
                            fronts[place][index] ? "●" : "",
                        ]
                    })
        }
        return table
    }

    /// Tokens by what became of them.
    var tokenTable: ReportTable {
        var table = ReportTable(
            caption: "Tokens per problem on \(name)",
            note: """
                Kept tokens are in the output; discarded ones were written and thrown away, rejected drafts among them; context \
                tokens were read. Drafted tokens are those that the small model proposed to the large one. A judge or scorer \
                reads and says; trials are answers that were tried in order to end thinking early.
                """,
            columns: [
                "#", "variant", "steps", "SLM kept", "SLM discarded", "probes", "SLM trials", "SLM context", "LLM kept",
                "LLM discarded", "LLM trials", "LLM context", "drafted", "accepted", "judge said", "judge read",
                "steps taken back",
            ], texts: [1])
        for one in summaries {
            func mean(_ value: @escaping (EvaluationFigures) -> Int) -> String {
                ReportText.number(one.perResult(value), 1)
            }
            table.rows.append([
                "\(one.number)", one.variant.name, mean(\.steps), mean(\.slmTokens), mean(\.slmDiscarded),
                mean(\.probes),
                mean(\.accounts.slmTrial), mean(\.slmPrefill), mean(\.llmTokens), mean(\.llmDiscarded),
                mean(\.accounts.llmTrial), mean(\.llmPrefill), mean(\.accounts.drafted), mean(\.accounts.accepted),
                mean(\.accounts.reviewDecoded), mean(\.accounts.reviewPrefill), mean(\.accounts.rollbacks),
            ])
        }
        return table
    }

    /// Why thinking ended.
    var stopTable: ReportTable {
        let reasons = Set(summaries.flatMap { $0.cells.flatMap(\.stops.keys) }).sorted()
        var table = ReportTable(
            caption: "Why thinking ended, on \(name)", columns: ["#", "variant"] + reasons, texts: [1])
        for one in summaries {
            table.rows.append(
                ["\(one.number)", one.variant.name]
                    + reasons.map { reason in
                        let count = one.sum { $0.stops[reason] ?? 0 }
                        return one.results > 0 ? ReportText.percent(Double(count) / Double(one.results)) : "–"
                    })
        }
        return table
    }

    /// What is compared with what: all with the baseline, if there is one, then the lists of the plan.
    var families: [(caption: String, pairs: [(VariantSummary, VariantSummary)])] {
        var families: [(caption: String, pairs: [(VariantSummary, VariantSummary)])] = []
        if let baseline {
            let others = summaries.filter { $0.variant.name != plan.baseline }
            families.append(("Each variant against \(plan.baseline), on \(name)", others.map { ($0, baseline) }))
        }
        for list in plan.comparisons {
            let named = list.compactMap { name in summaries.first { $0.variant.name == name } }
            guard let first = named.first, first.variant.name == list.first, named.count > 1 else { continue }
            families.append(
                ("\(first.variant.name) against others, on \(name)", named.dropFirst().map { (first, $0) }))
        }
        return families
    }

    /// Comparisons of pairs of variants.
    var comparisonTables: [ReportTable] { families.map { comparison($0.caption, $0.pairs) } }

    private func comparison(_ caption: String, _ pairs: [(VariantSummary, VariantSummary)]) -> ReportTable {
        var table = ReportTable(
            caption: caption,
            note: """
                Wins are problems that the first variant solves under more seeds than the second. p is that of the exact \
                sign test on them (McNemar's test with one seed), corrected after Holm for the \(pairs.count) comparisons \
                of this table.
                """,
            columns: [
                "first", "second", "difference, points [95 %]", "wins", "losses", "ties", "p", "p corrected",
                "LLM steps",
                "LLM tokens",
            ], texts: [0, 1])
        for pair in ComparedPair.all(pairs, plan.bootstrap) {
            let one = pair.difference
            table.rows.append([
                pair.first.variant.name, pair.second.variant.name, ReportText.points(one), "\(one.wins)",
                "\(one.losses)", "\(one.ties)", ReportText.probability(one.pValue),
                ReportText.probability(pair.corrected),
                "\(ReportText.percent(pair.first.llmStepShare)) / \(ReportText.percent(pair.second.llmStepShare))",
                "\(ReportText.percent(pair.first.llmTokenShare)) / \(ReportText.percent(pair.second.llmTokenShare))",
            ])
        }
        return table
    }

    /// Charts of accuracy against costs.
    var charts: [ParetoChart] {
        let yields = summaries
        func chart(_ title: String, _ axis: String, _ cost: (VariantSummary) -> Double) -> ParetoChart {
            ParetoChart(
                title: title, costLabel: axis,
                points: yields.map { one in
                    ParetoChart.Point(
                        number: one.number, label: one.variant.name, group: one.variant.strategy, cost: cost(one),
                        accuracy: one.accuracy.interval)
                })
        }
        return [
            chart("Accuracy against compute on \(name)", "compute relative to \(plan.baseline), decoding") { one in
                one.decodeCompute / (baseline?.decodeCompute ?? .nan)
            }
        ]
            + inFlights.map { count in
                chart("Accuracy against time on \(name), \(count) in flight", "active time p50, ms") { one in
                    (one.cell(inFlight: count)?.activeSeconds(0.5) ?? .nan) * 1000
                }
            }
    }

    var inFlights: [Int] {
        Set(summaries.flatMap { $0.timings.filter { $0.results > 0 }.map(\.cell.inFlight) }).sorted()
    }

    private func points(_ cost: (VariantSummary) -> Double) -> [(cost: Double, yield: Double)] {
        summaries.map { (cost($0), $0.accuracy.interval.share) }
    }

    private func relative(_ one: VariantSummary, _ value: (VariantSummary) -> Double) -> String {
        guard let baseline else { return "–" }
        return ReportText.number(value(one) / value(baseline), 3)
    }
}
