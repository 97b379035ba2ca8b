import Postgres

extension TraceDocument {
    /// Reads a job with its attempts and the steps of its result, or of its latest attempt if it has none yet.
    ///
    /// - Returns: `nil` if there is no such job.
    /// - Throws: `PostgresError`.
    static func read(job: Int64, _ connection: Connection) async throws -> TraceDocument? {
        let found = try await connection.query(
            """
            SELECT j.batch, j.custom_id, j.state, j.strategy, p.params::text AS params, coalesce(r.pair, j.pair) AS pair,
                coalesce(p.prompt, (SELECT string_agg((m->>'role') || ': ' || (m->>'content'), E'\\n')
                    FROM jsonb_array_elements(p.messages) m)) AS prompt,
                r.answer, j.reference_answer, r.correct, r.thinking_stop
            FROM glimpq.v_job j
            JOIN glimpq.v_prompt p ON p.job_id = j.job_id
            LEFT JOIN glimpq.v_result r ON r.job_id = j.job_id
            WHERE j.job_id = $1
            """, [job])
        guard let row = try found.oneOrNone() else { return nil }
        let attempts = try await connection.query(
            "SELECT * FROM glimpq.v_attempt WHERE job_id = $1 ORDER BY epoch", [job]
        ).map { try Attempt($0) }
        let steps = try await connection.query(
            "SELECT * FROM glimpq.v_trace WHERE job_id = $1 ORDER BY seq", [job]
        ).map { try Step($0) }
        return TraceDocument(
            job: job, batch: try row.get("batch"), customID: try row.get("custom_id"), state: try row.get("state"),
            strategy: try row.get("strategy"), parameters: try row.get("params"), pair: try row.get("pair"),
            prompt: try row.get("prompt"), answer: try row.get("answer"),
            referenceAnswer: try row.get("reference_answer"), correct: try row.get("correct"),
            thinkingStop: try row.get("thinking_stop"), attempts: attempts, steps: steps)
    }
}

extension TraceDocument.Step {
    fileprivate init(_ row: Row) throws {
        let nanoseconds: [Int64] = [try row.get("probe_ns"), try row.get("slm_ns"), try row.get("llm_ns")]
        self.init(
            sequence: try row.get("seq"), kind: try row.get("kind"), owner: try row.get("owner"),
            model: try row.get("model"), epoch: try row.get("epoch"), rule: try row.get("rule"),
            signalName: try row.get("signal_name"), signalValue: try row.get("signal_value"),
            threshold: try row.get("threshold"), initialEntropy: try row.get("h_init"),
            tokensKept: try row.get("tokens_kept"), tokensDiscarded: try row.get("tokens_discarded"),
            milliseconds: Double(nanoseconds.reduce(0, +)) / 1e6, finishReason: try row.get("finish_reason"),
            text: try row.get("text"))
    }
}

extension TraceDocument.Attempt {
    fileprivate init(_ row: Row) throws {
        self.init(
            epoch: try row.get("epoch"), worker: try row.get("worker_id"), outcome: try row.get("outcome"),
            resumedFrom: try row.get("resumed_from_epoch"), resumedAtStep: try row.get("resumed_at_step"),
            stepsWritten: try row.get("steps_written"), errorClass: try row.get("error_class"),
            errorMessage: try row.get("error_message"))
    }
}
