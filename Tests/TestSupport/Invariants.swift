public import Postgres
import Testing

/// What must hold in a glimpq database at any time when no statement is under way.
public enum Invariants {
    /// Reports every violated invariant as an issue of the running test.
    public static func check(_ connection: Connection) async throws {
        for invariant in all {
            let rows = try await connection.query("SELECT string_agg(x::text, '; ') FROM (\(invariant.sql) LIMIT 5) x")
            if let found: String = try rows.one().get(0) {
                Issue.record("invariant violated: \(invariant.text): \(found)")
            }
        }
    }

    private static let all: [(text: String, sql: String)] = [
        (
            "a job is terminal exactly if it has a finish time",
            """
            SELECT id, state FROM glimpq.job
            WHERE (state IN ('done', 'failed', 'cancelled', 'quarantined')) <> (finished_at IS NOT NULL)
            """
        ),
        (
            "a job is done exactly if it has a result, of its epoch",
            """
            SELECT j.id, j.state, j.epoch, r.epoch AS result_epoch FROM glimpq.job j
            FULL JOIN glimpq.result r ON r.job_id = j.id
            WHERE (j.state = 'done') IS DISTINCT FROM (r.job_id IS NOT NULL) OR r.epoch <> j.epoch
            """
        ),
        (
            "a result's attempt is closed as done, and no other attempt is",
            """
            SELECT r.job_id, a.epoch, a.outcome FROM glimpq.attempt a LEFT JOIN glimpq.result r USING (job_id)
            WHERE (a.outcome IS NOT DISTINCT FROM 'done') <> (r.epoch IS NOT DISTINCT FROM a.epoch AND r.epoch IS NOT NULL)
            """
        ),
        (
            "an attempt is open exactly if its job runs under its epoch",
            """
            SELECT a.job_id, a.epoch, a.outcome, j.state FROM glimpq.attempt a JOIN glimpq.job j ON j.id = a.job_id
            WHERE (a.ended_at IS NULL) <> (j.state = 'running' AND j.epoch = a.epoch)
            """
        ),
        (
            "the attempts of a job are numbered from 1 to its epoch without gaps",
            """
            SELECT j.id, j.epoch, count(a.epoch) FROM glimpq.job j LEFT JOIN glimpq.attempt a ON a.job_id = j.id
            GROUP BY j.id, j.epoch HAVING count(a.epoch) <> j.epoch OR max(a.epoch) <> j.epoch
            """
        ),
        (
            "an attempt starts only after the one before it has ended",
            """
            SELECT * FROM (
                SELECT job_id, epoch, outcome, started_at,
                    lag(ended_at) OVER w AS previous_end, lag(outcome) OVER w AS previous_outcome
                FROM glimpq.attempt WINDOW w AS (PARTITION BY job_id ORDER BY epoch)) a
            WHERE epoch > 1 AND (previous_end IS NULL OR previous_end > started_at)
            """
        ),
        (
            "no job runs for a worker that is not live after the sweep",
            """
            SELECT j.id, j.worker_id FROM glimpq.job j LEFT JOIN glimpq.worker w ON w.id = j.worker_id
            WHERE j.state = 'running' AND (w.id IS NULL
                OR w.state IN ('lost', 'gone') AND w.ended_at < now() - interval '1 minute')
            """
        ),
        (
            "the trace of a finished job is contiguous from 0 unless rows were dropped",
            """
            SELECT r.job_id, r.epoch, t.rows, t.last FROM glimpq.result r
            CROSS JOIN LATERAL (
                SELECT count(*) AS rows, max(v.seq) AS last, count(DISTINCT v.seq) AS distinct_rows
                FROM glimpq.v_trace v WHERE v.job_id = r.job_id) t
            WHERE r.trace_rows_dropped = 0 AND t.rows > 0 AND (t.rows <> t.last + 1 OR t.distinct_rows <> t.rows)
            """
        ),
        (
            "budgets are kept",
            """
            SELECT id, attempt, max_attempts, infra_fails, crash_suspect FROM glimpq.job
            WHERE attempt > max_attempts OR infra_fails > glimpq.setting('infra_budget')
                OR crash_suspect > glimpq.setting('crash_budget')
            """
        ),
    ]
}
