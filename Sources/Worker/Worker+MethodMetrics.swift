import Metrics

extension Worker {
    /// What the methods of jobs did beyond writing steps.
    func methodFamilies() -> [MetricFamily] {
        let counts = tally.methods.current
        func family(_ name: String, _ help: String, label: String, _ values: [(String, Int)]) -> MetricFamily {
            var family = MetricFamily(.counter, name, help)
            for (value, count) in values { family.add(Double(count), .init(label, value)) }
            return family
        }
        return [
            family(
                "glimpq_worker_draft_tokens_total",
                "Tokens drafted by small models in speculative decoding: accepted (kept by the large model), refused.",
                label: "verdict",
                [
                    ("accepted", counts.acceptedTokens), ("refused", counts.draftedTokens - counts.acceptedTokens),
                ]),
            family(
                "glimpq_worker_draft_steps_total",
                "Steps drafted by small models and reviewed: kept, rewritten (by the large model).",
                label: "verdict", [("kept", counts.keptDrafts), ("rewritten", counts.rewrittenDrafts)]),
            family(
                "glimpq_worker_trial_answers_total",
                "Trial answers of early exit: exit (thinking ended), continue (it went on).",
                label: "outcome", [("exit", counts.exits), ("continue", counts.otherTrials)]),
            MetricFamily(
                .counter, "glimpq_worker_rollbacks_total", "Times that a chain of thought was taken back.",
                Double(counts.rollbacks)),
        ]
    }
}
