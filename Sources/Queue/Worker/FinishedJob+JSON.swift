extension FinishedJob {
    /// The array of objects that `finish_v3` takes, the same members as the `Codable` form. By hand: a general encoder
    /// costs more than the database needs to store the result.
    static func json(_ jobs: [FinishedJob]) -> String {
        var writer = JSONRecordWriter()
        writer.reserve(jobs.reduce(0) { $0 + 800 + $1.output.utf8.count })
        for job in jobs {
            writer.beginRecord()
            job.writeIdentity(to: &writer)
            job.writeCounts(to: &writer)
            job.writeTexts(to: &writer)
            writer.endRecord()
        }
        return writer.finished()
    }

    private func writeIdentity(to writer: inout JSONRecordWriter) {
        writer.member("job_id", job)
        writer.member("epoch", epoch)
        writer.member("active_ns", activeNanoseconds)
        writer.member("attempt_tokens", attemptTokens)
        writer.member("steps_written", stepsWritten)
    }

    private func writeCounts(to writer: inout JSONRecordWriter) {
        writer.member("slm_parameters", slmParameters)
        writer.member("llm_parameters", llmParameters)
        writer.member("prompt_tokens", promptTokens)
        writer.member("steps", steps)
        writer.member("llm_steps", llmSteps)
        writer.member("slm_tokens", slmTokens)
        writer.member("llm_tokens", llmTokens)
        writer.member("slm_discarded_tokens", slmDiscardedTokens)
        writer.member("llm_discarded_tokens", llmDiscardedTokens)
        writer.member("probe_tokens", probeTokens)
        writer.member("slm_prefill_tokens", slmPrefillTokens)
        writer.member("llm_prefill_tokens", llmPrefillTokens)
        writer.member("trace_rows", traceRows)
        writer.member("trace_rows_dropped", traceRowsDropped)
    }

    private func writeTexts(to writer: inout JSONRecordWriter) {
        writer.member("correct", correct)
        writer.member("finish_reason", finishReason)
        writer.member("thinking_stop", thinkingStop)
        writer.member("strategy_params", strategyParams)
        writer.member("pair", pair)
        writer.member("slm_model", slmModel)
        writer.member("llm_model", llmModel)
        writer.member("slm_fingerprint", slmFingerprint)
        writer.member("llm_fingerprint", llmFingerprint)
        writer.member("engine_version", engineVersion)
        writer.member("params", params)
        writer.member("answer", answer)
        writer.member("output", output)
    }
}
