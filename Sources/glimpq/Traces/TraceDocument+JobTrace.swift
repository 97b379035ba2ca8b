import Queue
import Routing
import Worker

extension TraceDocument {
    /// The document of a job's trace.
    init(_ trace: JobTrace, job number: Int64) {
        let job = trace.job
        self.init(
            job: number, batch: job.batch, customID: job.customID, state: trace.state, strategy: job.strategy,
            parameters: trace.params, pair: job.result?.pair,
            prompt: trace.prompt ?? trace.messages.map(Self.conversation) ?? "", answer: job.result?.answer,
            referenceAnswer: job.referenceAnswer, correct: job.result?.correct, thinkingStop: job.result?.thinkingStop,
            attempts: trace.attempts.map(Attempt.init), steps: Self.marked(trace.rows.map(Step.init)))
    }

    /// Turns as lines of `role: content`.
    private static func conversation(_ messages: String) -> String {
        guard case .array(let turns)? = try? JSONReader.parse(Array(messages.utf8)).value else { return messages }
        return turns.map { "\($0["role"]?.string ?? "?"): \($0["content"]?.string ?? "")" }.joined(separator: "\n")
    }
}

extension TraceDocument.Step {
    fileprivate init(_ row: TraceRow) {
        let nanoseconds = row.cost.probeNanoseconds + row.cost.slmNanoseconds + row.cost.llmNanoseconds
        self.init(
            sequence: Int(row.sequence), kind: row.kind.rawValue, owner: row.owner.rawValue, model: row.model,
            epoch: row.epoch, rule: row.rule, signalName: row.signalName, signalValue: row.signalValue,
            threshold: row.threshold, initialEntropy: row.initialEntropy, tokensKept: Int(row.tokensKept),
            tokensDiscarded: Int(row.slmDiscarded + row.llmDiscarded), milliseconds: Double(nanoseconds) / 1e6,
            finishReason: row.finishReason, text: row.text, extra: row.extra)
        // What a newer worker wrote otherwise than this version reads it stands in the JSON form all the same.
        if let extra, let known = try? TraceExtra(json: extra) { details = known.details }
    }
}

extension TraceDocument.Attempt {
    fileprivate init(_ attempt: JobTrace.Attempt) {
        self.init(
            epoch: attempt.epoch, worker: attempt.worker, outcome: attempt.outcome,
            resumedFrom: attempt.resumedFromEpoch, resumedAtStep: attempt.resumedAtStep,
            stepsWritten: attempt.stepsWritten, errorClass: attempt.errorClass, errorMessage: attempt.errorMessage)
    }
}
