-- What must hold in a glimpq database at any time when no statement is under way.
--
--   psql -v ON_ERROR_STOP=1 -f Ops/lib/invariants.sql
--
-- Fails with one line per violation, at most five of a kind, and prints nothing if all holds. Only reads. The tests run
-- this very file after every integration test, Ops/chaos after every run. I4 (what was put in is what there is) needs
-- the producer's own ledger and is checked by Ops/chaos; here stands the part that the database can see.

CREATE OR REPLACE TEMPORARY VIEW violation (invariant, found) AS

(SELECT 'I1 a job is terminal exactly if it has a finish time', to_jsonb(x) FROM (
    SELECT id, state, finished_at FROM glimpq.job
    WHERE state NOT IN ('held', 'delayed', 'ready', 'running', 'done', 'failed', 'cancelled', 'quarantined')
        OR (state IN ('done', 'failed', 'cancelled', 'quarantined')) <> (finished_at IS NOT NULL)) x LIMIT 5)

UNION ALL
(SELECT 'I1 a job has a worker exactly while it runs', to_jsonb(x) FROM (
    SELECT id, state, worker_id, claimed_at FROM glimpq.job
    WHERE (state = 'running') <> (worker_id IS NOT NULL) OR (state = 'running') <> (claimed_at IS NOT NULL)) x LIMIT 5)

UNION ALL
(SELECT 'I2 a job is done exactly if it has a result, of its epoch', to_jsonb(x) FROM (
    SELECT j.id, j.state, j.epoch, r.job_id AS result_of, r.epoch AS result_epoch
    FROM glimpq.job j FULL JOIN glimpq.result r ON r.job_id = j.id
    WHERE (j.state = 'done') IS DISTINCT FROM (r.job_id IS NOT NULL) OR r.epoch <> j.epoch) x LIMIT 5)

UNION ALL
(SELECT 'I2 the attempt of a result is closed as done, and no other attempt is', to_jsonb(x) FROM (
    SELECT coalesce(a.job_id, r.job_id) AS job_id, a.epoch, a.outcome, r.epoch AS result_epoch
    FROM glimpq.attempt a FULL JOIN glimpq.result r ON r.job_id = a.job_id AND r.epoch = a.epoch
    WHERE (a.outcome IS NOT DISTINCT FROM 'done') <> (r.job_id IS NOT NULL)) x LIMIT 5)

UNION ALL
(SELECT 'I2 an attempt is open exactly while its job runs under its epoch', to_jsonb(x) FROM (
    SELECT a.job_id, a.epoch, a.outcome, j.state, j.epoch AS job_epoch
    FROM glimpq.attempt a JOIN glimpq.job j ON j.id = a.job_id
    WHERE (a.ended_at IS NULL) <> (j.state = 'running' AND j.epoch = a.epoch)) x LIMIT 5)

UNION ALL
(SELECT 'I3 no job runs for a worker that is gone, once the sweep has had a minute', to_jsonb(x) FROM (
    SELECT j.id, j.worker_id, w.state, w.ended_at
    FROM glimpq.job j LEFT JOIN glimpq.worker w ON w.id = j.worker_id
    WHERE j.state = 'running' AND (w.id IS NULL
        OR w.state IN ('lost', 'gone') AND w.ended_at < now() - interval '1 minute')) x LIMIT 5)

UNION ALL
(SELECT 'I4 nothing outlives its job', to_jsonb(x) FROM (
    SELECT a.job_id, a.epoch FROM glimpq.attempt a
    WHERE NOT EXISTS (SELECT FROM glimpq.job j WHERE j.id = a.job_id)) x LIMIT 5)

UNION ALL
(SELECT 'I5 the attempts of a job are numbered from 1 to its epoch without gaps', to_jsonb(x) FROM (
    SELECT j.id, j.epoch, count(a.epoch) AS attempts, max(a.epoch) AS latest
    FROM glimpq.job j LEFT JOIN glimpq.attempt a ON a.job_id = j.id
    GROUP BY j.id, j.epoch HAVING count(a.epoch) <> j.epoch OR max(a.epoch) <> j.epoch) x LIMIT 5)

UNION ALL
(SELECT 'I5 an attempt starts only after the one before it has ended', to_jsonb(x) FROM (
    SELECT job_id, epoch, started_at, previous_end FROM (
        SELECT job_id, epoch, started_at, lag(ended_at) OVER (PARTITION BY job_id ORDER BY epoch) AS previous_end
        FROM glimpq.attempt) a
    WHERE epoch > 1 AND (previous_end IS NULL OR previous_end > started_at)) x LIMIT 5)

-- Traces as the rules of v_trace make them up. An attempt says how many rows it took over and how many it wrote.
UNION ALL
(SELECT 'I6 the trace of a result is whole and without gaps, unless rows are known to be dropped', to_jsonb(x) FROM (
    SELECT r.job_id, r.epoch, t.rows, t.last, e.rows AS expected
    FROM glimpq.result r
    JOIN glimpq.job j ON j.id = r.job_id
    JOIN glimpq.attempt a ON a.job_id = r.job_id AND a.epoch = r.epoch
    CROSS JOIN LATERAL (SELECT a.resumed_at_step + a.steps_written AS rows) e
    CROSS JOIN LATERAL (
        SELECT count(*) AS rows, max(s.seq) AS last, count(DISTINCT s.seq) AS numbers
        FROM unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
        JOIN glimpq.step s ON s.job_id = r.job_id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
            AND s.epoch = c.epoch AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next)) t
    WHERE r.trace_rows_dropped = 0
        AND (t.numbers <> t.rows OR t.rows > 0 AND t.rows <> t.last + 1
            OR e.rows > 0 AND t.rows <> e.rows
                -- Old traces may have gone with their partition.
                AND (t.rows > 0 OR (j.created_at AT TIME ZONE 'UTC')::date >= (
                    SELECT coalesce(min(to_date(substr(p.relname, 6), 'YYYYMMDD')), '-infinity')
                    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
                    WHERE i.inhparent = 'glimpq.step'::regclass AND p.relname ~ '^step_\d{8}$')))) x LIMIT 5)

UNION ALL
(SELECT 'I7 budgets are kept', to_jsonb(x) FROM (
    SELECT id, state, attempt, max_attempts, infra_fails, crash_suspect FROM glimpq.job
    WHERE attempt > max_attempts OR infra_fails > glimpq.setting('infra_budget')
        OR crash_suspect > glimpq.setting('crash_budget')) x LIMIT 5)

UNION ALL
-- A step that both models wrote tells who wrote how much of it; steps that were taken back count no more.
(SELECT 'I8 a result counts the tokens of its trace', to_jsonb(x) FROM (
    SELECT r.job_id, r.slm_tokens, r.llm_tokens, t.slm, t.llm
    FROM glimpq.result r
    JOIN glimpq.job j ON j.id = r.job_id
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT s.seq) AS rows, coalesce(sum(p.tokens) FILTER (WHERE p.owner = 'slm'), 0) AS slm,
            coalesce(sum(p.tokens) FILTER (WHERE p.owner = 'llm'), 0) AS llm
        FROM (
            SELECT s.seq, s.owner, s.tokens_kept, s.extra -> 'segments' AS segments,
                min((s.extra ->> 'rollback')::int) OVER (
                    ORDER BY s.seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS taken_back_from
            FROM glimpq.attempt a
            CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
            JOIN glimpq.step s ON s.job_id = r.job_id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
                AND s.epoch = c.epoch AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next)
            WHERE a.job_id = r.job_id AND a.epoch = r.epoch) s
        LEFT JOIN LATERAL jsonb_to_recordset(coalesce(s.segments, jsonb_build_array(
            jsonb_build_object('owner', s.owner, 'tokens', s.tokens_kept)))) AS p(owner text, tokens bigint)
            ON s.taken_back_from IS NULL OR s.seq < s.taken_back_from) t
    WHERE r.trace_rows_dropped = 0 AND r.steps > 0 AND t.rows > r.steps
        AND (r.slm_tokens <> t.slm OR r.llm_tokens <> t.llm)) x LIMIT 5);

DO $$
DECLARE
    _found text;
BEGIN
    SELECT string_agg(v.invariant || ': ' || v.found, E'\n') INTO _found FROM violation v;
    IF _found IS NOT NULL THEN
        RAISE EXCEPTION USING MESSAGE = _found, ERRCODE = 'GQ900';
    END IF;
END
$$;

DROP VIEW violation;
