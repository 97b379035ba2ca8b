import Queue

/// What the figures say about a question, in sentences made from them.
struct ReportFinding {
    /// The question.
    let question: String
    /// Sentences.
    let answers: [String]

    /// As HTML.
    var html: String {
        "<h3>\(HTMLText.escaped(question))</h3>\n<ul>"
            + answers.map { "<li>\(HTMLText.escaped($0))</li>" }.joined(separator: "\n") + "</ul>"
    }

    /// As Markdown.
    var markdown: String { "**\(question)**\n\n" + answers.map { "- \($0)" }.joined(separator: "\n") }

    /// The questions that the results of a data set can answer.
    static func all(in report: DatasetReport) -> [ReportFinding] {
        (comparisons(report) + [fronts(report), drafts(report), reach(report)].compactMap(\.self))
            .filter { !$0.answers.isEmpty }
    }

    /// Whether the first variant of each list of the plan beats the others.
    private static func comparisons(_ report: DatasetReport) -> [ReportFinding] {
        report.families.dropFirst(report.baseline == nil ? 0 : 1).map { family in
            ReportFinding(
                question:
                    "Does \(family.pairs.first?.0.variant.name ?? "") beat the others of its list? (\(report.name))",
                answers: ComparedPair.all(family.pairs, report.plan.bootstrap).map(\.sentence))
        }
    }

    /// Which variants nothing beats, by compute and at each number of jobs in flight.
    private static func fronts(_ report: DatasetReport) -> ReportFinding? {
        func list(_ cost: (VariantSummary) -> Double, _ text: (Double) -> String) -> String {
            let points = report.summaries.map { (one: $0, cost: cost($0)) }
            let front = ParetoFront.contains(points.map { ($0.cost, $0.one.accuracy.interval.share) })
            return zip(points, front).filter(\.1).map(\.0).sorted { $0.cost < $1.cost }
                .map {
                    "\($0.one.variant.name) (\(ReportText.percent($0.one.accuracy.interval.share)), \(text($0.cost)))"
                }
                .joined(separator: "; ")
        }
        let baseline = report.baseline?.decodeCompute ?? .nan
        var fronts = [
            (
                "By compute relative to \(report.plan.baseline): ",
                list({ $0.decodeCompute / baseline }, { ReportText.number($0, 3) })
            )
        ]
        for count in report.inFlights {
            fronts.append(
                (
                    "By the p50 of the active time, \(count) in flight: ",
                    list(
                        { $0.cell(inFlight: count)?.activeSeconds(0.5) ?? .nan },
                        { ReportText.milliseconds($0) + " ms" })
                ))
        }
        let answers = fronts.filter { !$0.1.isEmpty }.map { $0.0 + $0.1 }
        return answers.isEmpty
            ? nil
            : ReportFinding(question: "Which variants are on the Pareto front? (\(report.name))", answers: answers)
    }

    /// What drafts by the small model add to variants that are otherwise equal.
    private static func drafts(_ report: DatasetReport) -> ReportFinding? {
        let answers = report.summaries.compactMap { one -> String? in
            guard
                one.variant.params.contains(where: { $0.name == "draft_tokens" })
                    || one.variant.strategy == "speculative",
                let plain = report.summaries.first(where: { isPlain($0.variant, of: one.variant) })
            else { return nil }
            var parts: [String] = []
            for count in report.inFlights {
                guard let fast = one.cell(inFlight: count), let slow = plain.cell(inFlight: count) else { continue }
                let ratio = fast.activeSeconds(0.5) / slow.activeSeconds(0.5), pace = fast.perMinute / slow.perMinute
                parts.append(
                    "\(count) in flight \(ReportText.number(ratio, 2)) times the p50 and \(ReportText.number(pace, 2)) times the problems per minute"
                )
            }
            let drafted = one.sum(\.accounts.drafted), accepted = one.sum(\.accounts.accepted)
            if drafted > 0 {
                parts.append("\(ReportText.percent(Double(accepted) / Double(drafted))) of the drafted tokens accepted")
            }
            parts.append("\(ReportText.number(one.decodeCompute / plain.decodeCompute, 2)) times the compute")
            let difference = one.difference(to: plain, report.plan.bootstrap)
            parts.append("accuracy \(ReportText.points(difference)) points")
            return "\(one.variant.name) against \(plain.variant.name): " + parts.joined(separator: ", ")
        }
        return ReportFinding(question: "How much does speculative decoding add? (\(report.name))", answers: answers)
    }

    /// Whether a variant is another one without drafts.
    private static func isPlain(_ plain: EvaluationVariant, of one: EvaluationVariant) -> Bool {
        func rest(_ variant: EvaluationVariant) -> String {
            CanonicalJSON.object(variant.params.filter { !["draft_tokens", "acceptance"].contains($0.name) })
        }
        if plain.params.contains(where: { $0.name == "draft_tokens" }) { return false }
        let strategy = one.strategy == "speculative" ? "llm" : one.strategy
        return plain.strategy == strategy && plain.target == nil && rest(plain) == rest(one)
    }

    /// The least share of the large model with which `glimprouter` keeps up with the baseline.
    private static func reach(_ report: DatasetReport) -> ReportFinding? {
        guard let baseline = report.baseline else { return nil }
        let plain = report.summaries.filter { one in
            one.variant.strategy == "glimprouter" && one.variant.params.allSatisfy { $0.name == "tau" }
        }.sorted { $0.llmStepShare < $1.llmStepShare }
        if plain.isEmpty { return nil }
        let differences = plain.map { (one: $0, difference: $0.difference(to: baseline, report.plan.bootstrap)) }
        func shown(_ found: (one: VariantSummary, difference: PairedDifference)) -> String {
            "\(found.one.variant.name), with \(ReportText.percent(found.one.llmStepShare)) of the steps and "
                + "\(ReportText.percent(found.one.llmTokenShare)) of the tokens, at \(ReportText.points(found.difference)) points"
        }
        var answers: [String] = []
        if let equal = differences.first(where: { $0.difference.high >= 0 }) {
            answers.append("The least share at which no loss is shown (the interval holds 0): \(shown(equal)).")
        } else {
            answers.append(
                "No threshold without a loss that is shown; the best: \(differences.last.map(shown) ?? "none").")
        }
        if let near = differences.first(where: { $0.difference.low > -0.01 }) {
            answers.append("The least share at which more than one point of loss is ruled out: \(shown(near)).")
        } else {
            answers.append("A loss of more than one point is ruled out at no threshold.")
        }
        if let best = differences.max(by: { $0.difference.mean < $1.difference.mean }) {
            answers.append("The best of them: \(shown(best)).")
        }
        return ReportFinding(
            question:
                "Does glimprouter reach the accuracy of \(report.plan.baseline), and at what share? (\(report.name))",
            answers: answers)
    }
}
