import Queue

extension CalibrationReport {
    /// What holds for every line.
    static let bias =
        """
        These are estimates: the entropies were measured behind steps that the thresholds in force at the time gave to the \
        one or the other model. Another threshold changes who writes a step, and with it all that comes after; the further \
        the share moves from the observed one, the less the stored traces can say. Token shares take each step as long as \
        the model that did write it made it.
        """

    private var title: String {
        let task = key.task.isEmpty ? "no task" : "task \(key.task)"
        return "pair \(key.pair), template \(key.template), \(task)"
    }

    /// For people.
    func text(_ palette: Palette) -> String {
        var parts = [
            palette.bold(title),
            "\(Figures.grouped(steps)) probed steps of \(Figures.grouped(jobs)) jobs"
                + (problems < jobs ? " on \(Figures.grouped(problems)) problems" : "") + "; the large model wrote "
                + "\(Figures.percent(observedShare, 1)) of them; small model \(key.slmFingerprint)",
        ]
        var columns: [(String, TextTable.Alignment)] = [
            ("tau", .right), ("LLM steps", .right), ("95 % interval", .right), ("LLM tokens", .right),
        ]
        let hasAccuracy = lines.contains { $0.stepAccuracy != nil }
        if hasAccuracy { columns += [("right steps", .right), ("95 % interval", .right)] }
        var table = TextTable(columns)
        for line in lines { table.append(cells(line, hasAccuracy)) }
        parts.append(table.rendered(palette))
        if labelledSteps > 0 && !hasAccuracy {
            parts.append(
                "The \(labelledSteps) labelled steps do not tell how often the models err at these thresholds: run some "
                    + "jobs at a high one.")
        }
        if runs.count > 1 {
            var table = TextTable([
                ("ran with tau", .right), ("jobs", .right), ("right", .right), ("95 % interval", .right),
                ("LLM steps", .right),
            ])
            for run in runs {
                table.append([
                    Figures.fixed(run.tau, 4), Figures.grouped(run.jobs), Figures.percent(run.accuracy, 1),
                    Self.range(run.interval), Figures.percent(run.llmShare, 1),
                ])
            }
            parts.append(table.rendered(palette))
        }
        if let chosen { parts.append(sentence(chosen)) }
        return parts.joined(separator: "\n")
    }

    private func cells(_ line: Line, _ hasAccuracy: Bool) -> [String] {
        let cells = [
            Figures.fixed(line.tau, 4), Figures.percent(line.share, 1), Self.range(line.shareInterval),
            Figures.percent(line.tokenShare, 1),
        ]
        guard hasAccuracy else { return cells }
        return cells
            + [
                line.stepAccuracy.map { Figures.percent($0.share, 2) } ?? "?",
                line.stepAccuracy.map { Self.range($0.interval) } ?? "?",
            ]
    }

    private static func range(_ interval: ClosedRange<Double>) -> String {
        "\(Figures.fixed(interval.lowerBound * 100, 1)) to \(Figures.percent(interval.upperBound, 1))"
    }

    private func sentence(_ choice: Choice) -> String {
        var text = "tau \(Figures.fixed(choice.line.tau, 4)) nats"
        if choice.tauInterval.low != nil || choice.tauInterval.high != nil {
            let low = choice.tauInterval.low.map { Figures.fixed($0, 4) } ?? "unknown"
            let high = choice.tauInterval.high.map { Figures.fixed($0, 4) } ?? "unknown"
            text += " (95 % interval \(low) to \(high))"
        }
        return text
            + ": \(Figures.percent(choice.line.share, 1)) of the steps and \(Figures.percent(choice.line.tokenShare, 1)) of "
            + "their tokens by the large model; \(choice.reason)"
    }
}
