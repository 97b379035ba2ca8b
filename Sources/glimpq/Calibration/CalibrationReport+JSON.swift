import Queue

extension CalibrationReport {
    /// For programs.
    var json: String {
        JSONText.object([
            ("pair", JSONText.string(key.pair)), ("slm_fingerprint", JSONText.string(key.slmFingerprint)),
            ("template", JSONText.string(key.template)), ("task", JSONText.string(key.task)), ("jobs", "\(jobs)"),
            ("problems", "\(problems)"),
            ("steps", "\(steps)"), ("labelled_steps", "\(labelledSteps)"),
            ("observed_share", JSONText.rounded(observedShare)), ("design_effect", JSONText.rounded(designEffect)),
            ("thresholds", JSONText.array(lines.map { JSONText.object(Self.members($0)) })),
            (
                "runs",
                JSONText.array(
                    runs.map { run in
                        JSONText.object([
                            ("tau", "\(run.tau)"), ("jobs", "\(run.jobs)"), ("correct", "\(run.correct)"),
                            ("accuracy", JSONText.rounded(run.accuracy)), ("interval", Self.range(run.interval)),
                            ("llm_step_share", JSONText.rounded(run.llmShare)),
                        ])
                    })
            ),
            ("chosen", chosen.map(Self.choice) ?? "null"),
        ])
    }

    private static func choice(_ choice: Choice) -> String {
        let ends = [choice.tauInterval.low, choice.tauInterval.high].map { $0.map { "\($0)" } ?? "null" }
        return JSONText.object(
            members(choice.line) + [
                ("tau_interval", JSONText.array(ends)), ("reason", JSONText.string(choice.reason)),
            ])
    }

    private static func members(_ line: Line) -> [(name: String, value: String)] {
        var members: [(name: String, value: String)] = [
            ("tau", "\(line.tau)"), ("llm_step_share", JSONText.rounded(line.share)),
            ("llm_step_share_interval", range(line.shareInterval)),
            ("llm_token_share", JSONText.rounded(line.tokenShare)),
        ]
        if let accuracy = line.stepAccuracy {
            members += [
                ("step_accuracy", JSONText.rounded(accuracy.share)),
                ("step_accuracy_interval", range(accuracy.interval)),
            ]
        }
        return members
    }

    private static func range(_ interval: ClosedRange<Double>) -> String {
        JSONText.array([JSONText.rounded(interval.lowerBound), JSONText.rounded(interval.upperBound)])
    }
}
