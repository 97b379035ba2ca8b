import Routing

extension TraceDocument {
    /// Everything as one JSON object.
    var json: String {
        func text(_ value: String?) -> String { value.map(JSONText.string) ?? "null" }
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
        let steps = self.steps.map { step in
            JSONText.object([
                ("seq", "\(step.sequence)"), ("kind", text(step.kind)), ("owner", text(step.owner)),
                ("model", text(step.model)), ("epoch", "\(step.epoch)"), ("rule", text(step.rule)),
                ("signal_name", text(step.signalName)), ("signal_value", number(step.signalValue)),
                ("threshold", number(step.threshold)), ("h_init", number(step.initialEntropy)),
                ("tokens_kept", "\(step.tokensKept)"), ("tokens_discarded", "\(step.tokensDiscarded)"),
                ("active_ms", JSONText.rounded(step.milliseconds)), ("finish_reason", text(step.finishReason)),
                ("text", text(step.text)), ("rollback", step.details.rollback.map { "\($0)" } ?? "null"),
                ("taken_back", "\(step.isTakenBack)"), ("extra", step.extra ?? "null"),
            ])
        }
        let attempts = self.attempts.map { attempt in
            JSONText.object([
                ("epoch", "\(attempt.epoch)"), ("worker_id", "\(attempt.worker)"), ("outcome", text(attempt.outcome)),
                ("resumed_from_epoch", attempt.resumedFrom.map { "\($0)" } ?? "null"),
                ("resumed_at_step", "\(attempt.resumedAtStep)"), ("steps_written", "\(attempt.stepsWritten)"),
                ("error_class", text(attempt.errorClass)), ("error_message", text(attempt.errorMessage)),
            ])
        }
        return JSONText.object([
            ("job_id", "\(job)"), ("batch", text(batch)), ("custom_id", text(customID)), ("state", text(state)),
            ("strategy", text(strategy)), ("params", parameters), ("pair", text(pair)), ("prompt", text(prompt)),
            ("answer", text(answer)), ("reference_answer", text(referenceAnswer)),
            ("correct", correct.map { "\($0)" } ?? "null"), ("thinking_stop", text(thinkingStop)),
            ("attempts", JSONText.array(attempts)), ("steps", JSONText.array(steps)),
        ])
    }
}
