import Postgres
import TestSupport
import Testing

@testable import Queue

/// A page of an export costs the same wherever it is: else a million results cost a million times a million.
@Suite struct ExportPlanTests {
    @Test func theLastPageReadsNoMoreThanTheFirst() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, state, epoch, attempt, finished_at)
                    SELECT 'p', 'done', 1, 1, now() FROM generate_series(1, 20000);
                    INSERT INTO glimpq.attempt (job_id, epoch, worker_id, ended_at, outcome, chain_epochs, chain_starts)
                    SELECT id, 1, 1, now(), 'done', '{1}', '{0}' FROM glimpq.job;
                    INSERT INTO glimpq.result (job_id, epoch, first_claimed_at, queue_wait_ms, active_ns, prompt_tokens,
                        steps, llm_steps, slm_tokens, llm_tokens, slm_discarded_tokens, llm_discarded_tokens,
                        probe_tokens, slm_prefill_tokens, llm_prefill_tokens, finish_reason, strategy, pair,
                        engine_version, output)
                    SELECT id, 1, now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'end_of_text', 's', 'demo', 't', 'o'
                    FROM glimpq.job;
                    """)
            try await queue.sql.run(script: "VACUUM ANALYZE glimpq.job, glimpq.result")
            let reader = QueueReader(queue.database.options, logger: QueueFixture.logger)
            let bounded = ResultFilter.Bounded(filter: ResultFilter(states: ["done"]), batch: nil, last: nil)
            let (condition, values) = bounded.condition(after: 19_000)
            let plan = try await reader.rowsByKey(
                """
                EXPLAIN (ANALYZE, TIMING OFF) SELECT \(ExportedJob.columns(traced: false)) FROM glimpq.v_export
                WHERE \(condition) ORDER BY job_id LIMIT 500
                """, values
            ).map { try $0.get(0, as: String.self) }.joined(separator: "\n")
            #expect(plan.contains("Index Scan using result_pkey on result r"), "\(plan)")
            for match in plan.matches(of: /actual rows=(\d+)/) { #expect((Int(match.1) ?? 0) <= 500, "\(plan)") }
            await reader.close()
        }
    }
}
