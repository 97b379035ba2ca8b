/// The statement that exports results: a COPY, so that the server streams and the program holds one row at a time.
struct ResultQuery {
    /// The form of the rows.
    let format: ResultFormat
    /// Which jobs.
    let selection: ResultSelection
    /// The batch's name as an SQL literal; `nil` for all jobs.
    let batch: String?

    /// Creates a query.
    ///
    /// - Parameter batch: Name of the batch; `nil` for all jobs.
    init(format: ResultFormat, selection: ResultSelection, batch: String?) {
        self.format = format
        self.selection = selection
        // COPY takes no parameters. A doubled quote and a doubled backslash are safe under every server setting.
        self.batch = batch.map {
            "E'" + $0.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
        }
    }

    /// The COPY statement.
    var sql: String {
        let records = selection == .done ? doneRecords : endedRecords
        switch format {
        case .jsonl: return lines("SELECT row_to_json(t) FROM (\(records)) t")
        case .csv: return "COPY (\(records)) TO STDOUT WITH (FORMAT csv, HEADER)"
        case .openai:
            return lines(
                selection == .done
                    ? "SELECT \(OpenAIResponse.sql) FROM glimpq.v_result r WHERE \(condition("r")) ORDER BY r.job_id"
                    : "SELECT \(OpenAIResponse.errorSQL) FROM glimpq.v_job j WHERE \(endedCondition) ORDER BY j.job_id")
        }
    }

    /// JSON lines: CSV with a quote and a delimiter that JSON text never contains is the text itself.
    private func lines(_ query: String) -> String {
        "COPY (\(query)) TO STDOUT WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
    }

    private func condition(_ table: String) -> String { batch.map { "\(table).batch = \($0)" } ?? "true" }

    private var endedCondition: String { "j.state IN ('failed', 'cancelled', 'quarantined') AND \(condition("j"))" }

    private var doneRecords: String {
        """
        SELECT r.job_id, r.batch, r.custom_id, r.strategy, r.strategy_params, r.pair, r.correct, r.answer, \
        r.reference_answer, r.finish_reason, r.thinking_stop, r.steps, r.llm_steps, r.prompt_tokens, r.slm_tokens, \
        r.llm_tokens, r.slm_discarded_tokens, r.llm_discarded_tokens, r.probe_tokens, r.slm_prefill_tokens, \
        r.llm_prefill_tokens, round(r.active_ns / 1e6, 3) AS active_ms, r.queue_wait_ms, r.finished_at, r.seed, \
        r.epoch AS attempts, r.engine_version, r.params, r.metadata, r.output \
        FROM glimpq.v_result r WHERE \(condition("r")) ORDER BY r.job_id
        """
    }

    private var endedRecords: String {
        """
        SELECT j.job_id, j.batch, j.custom_id, j.state, j.strategy, j.pair, j.last_error_class AS error_class, \
        j.last_error_message AS error_message, j.epoch AS attempts, j.finished_at, j.metadata \
        FROM glimpq.v_job j WHERE \(endedCondition) ORDER BY j.job_id
        """
    }
}
