-- Bulk input and output.
SET LOCAL ROLE glimpq_owner;

-- What makes a second enqueue of the same file add nothing, also where lines have no key: each chunk of rows commits
-- with the hashes of the lines it holds. A key per job would cost an index entry per job; this costs eight bytes.
CREATE TABLE glimpq.batch_input (
    batch_id  bigint NOT NULL REFERENCES glimpq.batch (id) ON DELETE CASCADE,
    part      int NOT NULL,
    lines     int NOT NULL,
    jobs      int NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    source    text NOT NULL,
    settings  text NOT NULL,
    hashes    bytea NOT NULL,
    PRIMARY KEY (batch_id, source, part),
    CONSTRAINT batch_input_source_size CHECK (length(source) BETWEEN 1 AND 1000),
    CONSTRAINT batch_input_eight_bytes_a_line CHECK (octet_length(hashes) = lines * 8)
);
ALTER TABLE glimpq.batch_input ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE glimpq.batch_input IS 'Which lines of which input a batch has, in the order they were stored: what glimpq enqueue skips when it meets them again.';
COMMENT ON COLUMN glimpq.batch_input.source IS 'Name of the file without its folder, - for standard input.';
COMMENT ON COLUMN glimpq.batch_input.jobs IS 'Jobs that its lines made; fewer than lines where a custom_id was taken.';
COMMENT ON COLUMN glimpq.batch_input.settings IS 'What the command line said about lines that leave it out.';
COMMENT ON COLUMN glimpq.batch_input.hashes IS 'XXH64 of each line without its end, eight bytes in network order.';

GRANT SELECT, INSERT ON glimpq.batch_input TO glimpq_producer;
GRANT SELECT ON glimpq.batch_input TO glimpq_analyst;
GRANT SELECT, INSERT, DELETE ON glimpq.batch_input TO glimpq_admin;

-- What ended lately. Results are only ever appended, so a block range index finds the latest at no cost worth a figure;
-- jobs that ended without a result are few, and only they pay for their entry.
CREATE INDEX result_finished ON glimpq.result USING brin (finished_at) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX job_ended_badly ON glimpq.job (finished_at) WHERE state IN ('failed', 'cancelled', 'quarantined');
-- Held jobs are few; nothing else finds them.
CREATE INDEX job_held ON glimpq.job (queue) WHERE state = 'held';

CREATE VIEW glimpq.v_export AS
SELECT j.id AS job_id, j.batch_id, b.name AS batch, b.cancelled_at AS batch_cancelled_at, j.custom_id, j.state, j.queue,
    j.tenant, j.strategy, j.created_at, coalesce(j.finished_at, r.finished_at) AS finished_at, j.last_error_class,
    CASE WHEN j.last_error_class IS NOT NULL THEN (
        SELECT a.error_message FROM glimpq.attempt a
        WHERE a.job_id = j.id AND a.error_class IS NOT NULL ORDER BY a.epoch DESC LIMIT 1) END AS last_error_message,
    j.reference_answer, j.metadata, r.job_id IS NOT NULL AS has_result, r.answer, r.output, r.correct, r.finish_reason,
    r.thinking_stop, r.pair, r.llm_model, r.strategy_params, r.steps, r.llm_steps, r.prompt_tokens, r.slm_tokens,
    r.llm_tokens, r.probe_tokens, r.slm_discarded_tokens + r.llm_discarded_tokens AS discarded_tokens, r.active_ns,
    r.queue_wait_ms, r.epoch, j.seed,
    -- Of the step that wrote the answer; NULL once traces are gone.
    CASE WHEN r.job_id IS NOT NULL AND r.trace_rows_dropped = 0 THEN r.slm_tokens + r.llm_tokens - (
        SELECT sum(s.tokens_kept) FROM glimpq.step s
        WHERE s.job_id = j.id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date AND s.epoch = r.epoch
            AND s.kind = 'answer') END AS reasoning_tokens
FROM glimpq.job j
LEFT JOIN glimpq.result r ON r.job_id = j.id
LEFT JOIN glimpq.batch b ON b.id = j.batch_id;
COMMENT ON VIEW glimpq.v_export IS 'Everything that glimpq results writes about a job, in one line; page through it by job_id.';

-- Jobs of a batch that ended since a time. A finish that commits late shows up late: whoever follows a batch looks back
-- further now and then, and at the end at all of it.
CREATE FUNCTION glimpq.ended_since_v1(_batch bigint, _since timestamptz)
RETURNS TABLE (job_id bigint, done boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
    SELECT r.job_id, true FROM result r
    WHERE r.finished_at >= _since
        AND (_batch IS NULL OR EXISTS (SELECT FROM job j WHERE j.id = r.job_id AND j.batch_id = _batch))
    UNION ALL
    SELECT j.id, false FROM job j
    WHERE j.state IN ('failed', 'cancelled', 'quarantined') AND j.finished_at >= _since
        AND (_batch IS NULL OR j.batch_id = _batch)
$$;
COMMENT ON FUNCTION glimpq.ended_since_v1 IS 'Jobs of a batch (NULL: of all) that ended since a time, with a result or without.';

-- What status shows, each part with bounded work or work in proportion to what it shows.
CREATE FUNCTION glimpq.batch_overview_v1(_newest int DEFAULT 10, _name text DEFAULT NULL, _exact int DEFAULT 20000)
RETURNS TABLE (batch_id bigint, batch text, created_at timestamptz, cancelled_at timestamptz, total bigint, done bigint,
    failed bigint, cancelled bigint, quarantined bigint, running bigint, ready bigint, delayed bigint, held bigint,
    correct bigint, graded bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
    SELECT b.id, b.name, b.created_at, b.cancelled_at, s.total, s.done, s.failed, s.cancelled, s.quarantined, s.running,
        s.ready, s.delayed, s.held, r.correct, r.graded
    FROM (SELECT * FROM batch WHERE _name IS NULL OR name = _name ORDER BY id DESC LIMIT _newest) b
    CROSS JOIN LATERAL (
        -- An index-only count.
        SELECT count(*) AS total, count(*) FILTER (WHERE j.state = 'done') AS done,
            count(*) FILTER (WHERE j.state = 'failed') AS failed,
            count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled,
            count(*) FILTER (WHERE j.state = 'quarantined') AS quarantined,
            count(*) FILTER (WHERE j.state = 'running') AS running, count(*) FILTER (WHERE j.state = 'ready') AS ready,
            count(*) FILTER (WHERE j.state = 'delayed') AS delayed, count(*) FILTER (WHERE j.state = 'held') AS held
        FROM job j WHERE j.batch_id = b.id) s
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE r.correct) AS correct, count(r.correct) AS graded
        FROM job j JOIN result r ON r.job_id = j.id
        WHERE j.batch_id = b.id AND j.state = 'done' AND s.done <= _exact) r ON s.done <= _exact
    ORDER BY b.id DESC
$$;
COMMENT ON FUNCTION glimpq.batch_overview_v1 IS 'Jobs by state of the newest batches, or of one; correct and graded up to _exact results, else NULL.';

CREATE FUNCTION glimpq.recent_work_v1(_seconds int DEFAULT 300)
RETURNS TABLE (batch text, queue text, done bigint, correct bigint, graded bigint, steps bigint, llm_steps bigint,
    slm_tokens bigint, llm_tokens bigint, seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
    SELECT b.name, j.queue, count(*), count(*) FILTER (WHERE r.correct), count(r.correct), sum(r.steps), sum(r.llm_steps),
        sum(r.slm_tokens), sum(r.llm_tokens),
        -- The window, or less if the first of these jobs was claimed within it.
        least(_seconds, greatest(1, extract(epoch FROM now() - min(r.first_claimed_at))))::float8
    FROM result r
    JOIN job j ON j.id = r.job_id
    LEFT JOIN batch b ON b.id = j.batch_id
    WHERE r.finished_at > now() - _seconds * interval '1 second'
    GROUP BY 1, 2
$$;
COMMENT ON FUNCTION glimpq.recent_work_v1 IS 'What the results of the last seconds amount to, by batch and queue.';

CREATE FUNCTION glimpq.recent_errors_v1(_seconds int DEFAULT 300, _cap int DEFAULT 10000)
RETURNS TABLE (batch text, error_class text, state text, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
    SELECT b.name, f.last_error_class, f.state, f.jobs FROM (
        SELECT e.batch_id, e.last_error_class, e.state, count(*) AS jobs FROM (
            SELECT j.batch_id, j.last_error_class, j.state FROM job j
            WHERE j.state IN ('failed', 'cancelled', 'quarantined') AND j.finished_at > now() - _seconds * interval '1 second'
            LIMIT _cap) e
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT d.batch_id, d.last_error_class, 'delayed', count(*) FROM (
            SELECT j.batch_id, j.last_error_class FROM job j WHERE j.state = 'delayed' ORDER BY j.run_at LIMIT _cap) d
        WHERE d.last_error_class IS NOT NULL GROUP BY 1, 2) f
    LEFT JOIN batch b ON b.id = f.batch_id
$$;
COMMENT ON FUNCTION glimpq.recent_errors_v1 IS 'Jobs that ended without a result within the last seconds, and those that wait to be tried again after an error, by batch and class.';

-- Loose index scans: one probe per name, however many jobs there are.
CREATE FUNCTION glimpq.unserved_v1() RETURNS TABLE (queue text, pair text, reason text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_sort = off
AS $$
    WITH RECURSIVE queues AS (
        (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 ORDER BY j.queue LIMIT 1)
        UNION ALL
        SELECT (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue > n.queue
            ORDER BY j.queue LIMIT 1)
        FROM queues n WHERE n.queue IS NOT NULL),
    pairs AS (
        (SELECT j.pair FROM job j WHERE j.state = 'ready' AND j.pair IS NOT NULL ORDER BY j.pair LIMIT 1)
        UNION ALL
        SELECT (SELECT j.pair FROM job j WHERE j.state = 'ready' AND j.pair > n.pair ORDER BY j.pair LIMIT 1)
        FROM pairs n WHERE n.pair IS NOT NULL)
    SELECT n.queue, NULL::text, CASE WHEN q.paused_at IS NOT NULL THEN 'the queue is paused'
        ELSE 'no live worker claims from this queue' END
    FROM queues n LEFT JOIN queue q ON q.name = n.queue
    WHERE n.queue IS NOT NULL AND (q.paused_at IS NOT NULL OR NOT EXISTS (
        SELECT FROM worker w WHERE w.state = 'live' AND w.lease_until > now() AND n.queue = ANY (w.queues)))
    UNION ALL
    SELECT NULL, n.pair, 'no live worker serves this pair'
    FROM pairs n
    WHERE n.pair IS NOT NULL AND NOT EXISTS (
        SELECT FROM worker w WHERE w.state = 'live' AND w.lease_until > now() AND n.pair = ANY (w.pairs))
$$;
COMMENT ON FUNCTION glimpq.unserved_v1 IS 'Queues and pairs with ready jobs that nobody will claim as things stand; v_unserved counts the jobs.';

CREATE FUNCTION glimpq.expected_rows_v1(_query text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || _query INTO _plan;
    RETURN (_plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
END
$$;
COMMENT ON FUNCTION glimpq.expected_rows_v1 IS 'What the planner expects a query to return, by its statistics.';

-- Bounded work per queue, whatever its length: up to _cap index entries are counted, the rest is an estimate.
CREATE FUNCTION glimpq.queue_overview_v1(_cap int DEFAULT 100000)
RETURNS TABLE (queue text, paused boolean, ready bigint, is_estimate boolean, delayed bigint, running bigint, held bigint,
    oldest_seconds float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
    _delayed jsonb;
    _running jsonb;
    _held jsonb;
BEGIN
    SELECT coalesce(jsonb_object_agg(d.queue, d.jobs), '{}') INTO _delayed FROM (
        SELECT x.queue, count(*) AS jobs FROM (
            SELECT j.queue FROM job j WHERE j.state = 'delayed' ORDER BY j.run_at LIMIT _cap) x GROUP BY 1) d;
    SELECT coalesce(jsonb_object_agg(d.queue, d.jobs), '{}') INTO _running FROM (
        SELECT j.queue, count(*) AS jobs FROM job j WHERE j.state = 'running' GROUP BY 1) d;
    SELECT coalesce(jsonb_object_agg(d.queue, d.jobs), '{}') INTO _held FROM (
        SELECT x.queue, count(*) AS jobs FROM (
            SELECT j.queue FROM job j WHERE j.state = 'held' ORDER BY j.queue LIMIT _cap) x GROUP BY 1) d;
    FOR queue IN
        WITH RECURSIVE named AS (
            (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 ORDER BY j.queue LIMIT 1)
            UNION ALL
            SELECT (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue > n.queue
                ORDER BY j.queue LIMIT 1)
            FROM named n WHERE n.queue IS NOT NULL)
        SELECT n.queue FROM named n WHERE n.queue IS NOT NULL
        UNION SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2
        UNION SELECT q.name FROM queue q
        UNION SELECT jsonb_object_keys(_delayed) UNION SELECT jsonb_object_keys(_running)
        UNION SELECT jsonb_object_keys(_held)
        ORDER BY 1 LIMIT 1000
    LOOP
        paused := EXISTS (SELECT FROM queue q WHERE q.name = queue_overview_v1.queue AND q.paused_at IS NOT NULL);
        SELECT count(*) INTO ready FROM (
            SELECT FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = queue_overview_v1.queue
            LIMIT _cap + 1) r;
        is_estimate := ready > _cap;
        IF is_estimate THEN
            ready := greatest(ready, expected_rows_v1(format(
                'SELECT FROM job WHERE state = ''ready'' AND crash_suspect < 2 AND queue = %L', queue)));
        END IF;
        ready := ready + (
            SELECT count(*) FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = queue_overview_v1.queue);
        delayed := coalesce((_delayed ->> queue)::bigint, 0);
        running := coalesce((_running ->> queue)::bigint, 0);
        held := coalesce((_held ->> queue)::bigint, 0);
        -- The first of each priority is the oldest of it.
        WITH RECURSIVE level AS (
            (SELECT j.priority FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = queue_overview_v1.queue
                ORDER BY j.priority DESC LIMIT 1)
            UNION ALL
            SELECT (SELECT j.priority FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = queue_overview_v1.queue
                    AND j.priority < l.priority ORDER BY j.priority DESC LIMIT 1)
            FROM level l WHERE l.priority IS NOT NULL)
        SELECT extract(epoch FROM now() - min(f.created_at))::float8 INTO oldest_seconds
        FROM (SELECT l.priority FROM level l WHERE l.priority IS NOT NULL LIMIT 100) l
        CROSS JOIN LATERAL (
            SELECT j.created_at FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = queue_overview_v1.queue
                AND j.priority = l.priority
            ORDER BY j.id LIMIT 1) f;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION glimpq.queue_overview_v1 IS 'What waits and runs per queue; from _cap ready jobs on an estimate, with at most _cap delayed and held ones in all.';

-- Retrying and cancelling many jobs, a bounded number at a time.
CREATE FUNCTION glimpq.retry_v2(
    _batch text, _class text, _states text[], _before timestamptz, _restart boolean DEFAULT false,
    _limit int DEFAULT 5000)
RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _id bigint;
    _jobs bigint[];
BEGIN
    IF _batch IS NOT NULL THEN
        SELECT b.id INTO _id FROM batch b WHERE b.name = _batch;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no batch is named %', quote_literal(_batch) USING ERRCODE = 'GQ002';
        END IF;
        IF 'cancelled' = ANY (_states) THEN
            UPDATE batch SET cancelled_at = NULL WHERE id = _id AND cancelled_at IS NOT NULL;
        END IF;
    END IF;
    SELECT array_agg(c.id) INTO _jobs FROM (
        SELECT j.id FROM job j
        WHERE j.state IN ('failed', 'cancelled', 'quarantined') AND j.state = ANY (_states) AND j.finished_at < _before
            AND (_id IS NULL OR j.batch_id = _id) AND (_class IS NULL OR j.last_error_class = _class)
        ORDER BY j.id LIMIT _limit
        FOR NO KEY UPDATE) c;
    IF _jobs IS NULL THEN RETURN 0; END IF;
    UPDATE job j
    SET state = 'ready', finished_at = NULL, cancel_requested_at = NULL, attempt = 0, infra_fails = 0, crash_suspect = 0,
        run_at = now()
    WHERE j.id = ANY (_jobs);
    IF _restart THEN UPDATE attempt a SET resumable = false WHERE a.job_id = ANY (_jobs); END IF;
    RETURN cardinality(_jobs);
END
$$;
COMMENT ON FUNCTION glimpq.retry_v2 IS 'Makes up to _limit jobs of some states (failed, quarantined, cancelled) ready again that ended before a time; call it with the same time until it answers 0.';

CREATE FUNCTION glimpq.ended_badly_v1(_batch text DEFAULT NULL)
RETURNS TABLE (state text, error_class text, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT j.state, j.last_error_class, count(*) FROM job j
    WHERE j.state IN ('failed', 'cancelled', 'quarantined')
        AND (_batch IS NULL OR j.batch_id = (SELECT b.id FROM batch b WHERE b.name = _batch))
    GROUP BY 1, 2 ORDER BY 1, 2
$$;
COMMENT ON FUNCTION glimpq.ended_badly_v1 IS 'Jobs that ended without a result, by state and class of the last error.';

-- Also says which protocol a worker speaks.
CREATE OR REPLACE VIEW glimpq.v_worker AS
SELECT w.id AS worker_id, CASE WHEN w.state IN ('live', 'draining') AND w.lease_until < now() THEN 'expired'
        ELSE w.state END AS state,
    w.host, w.pid, w.version, w.capacity, w.in_flight,
    (SELECT count(*) FROM glimpq.job j WHERE j.state = 'running' AND j.worker_id = w.id) AS running,
    w.queues, w.pairs, w.started_at, w.beat_at, w.ended_at,
    CASE WHEN w.state IN ('live', 'draining') THEN extract(epoch FROM w.lease_until - now())::float8 END
        AS lease_seconds_left,
    w.stats, (to_jsonb(w) ->> 'protocol')::bigint AS protocol
FROM glimpq.worker w;

-- The pace is that of work: a cancellation is none.
CREATE OR REPLACE VIEW glimpq.v_batch_progress AS
SELECT b.id AS batch_id, b.name AS batch, b.created_at, b.cancelled_at, s.total, s.done, s.failed, s.cancelled,
    s.quarantined, s.running, s.ready, s.delayed, s.held, s.open,
    CASE WHEN s.total > 0 THEN (s.total - s.open)::float8 / s.total END AS finished_share,
    r.slm_tokens, r.llm_tokens, r.correct, r.graded, r.first_claimed_at, s.last_finished_at,
    w.per_minute,
    CASE WHEN s.open > 0 AND w.per_minute > 0 THEN s.open / w.per_minute * 60 END AS eta_seconds
FROM glimpq.batch b
CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE j.state = 'done') AS done,
        count(*) FILTER (WHERE j.state = 'failed') AS failed,
        count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE j.state = 'quarantined') AS quarantined,
        count(*) FILTER (WHERE j.state = 'running') AS running, count(*) FILTER (WHERE j.state = 'ready') AS ready,
        count(*) FILTER (WHERE j.state = 'delayed') AS delayed, count(*) FILTER (WHERE j.state = 'held') AS held,
        count(*) FILTER (WHERE j.state IN ('held', 'delayed', 'ready', 'running')) AS open,
        max(j.finished_at) AS last_finished_at,
        count(*) FILTER (WHERE j.state <> 'cancelled' AND j.finished_at > now() - interval '5 minutes')
            AS finished_lately
    FROM glimpq.job j WHERE j.batch_id = b.id) s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.slm_tokens), 0)::bigint AS slm_tokens, coalesce(sum(r.llm_tokens), 0)::bigint AS llm_tokens,
        count(*) FILTER (WHERE r.correct) AS correct, count(r.correct) AS graded,
        min(r.first_claimed_at) AS first_claimed_at
    FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id WHERE j.batch_id = b.id) r
CROSS JOIN LATERAL (
    -- Over the last five minutes, or since the first claim if that is less.
    SELECT s.finished_lately * 60 / greatest(extract(epoch FROM
        now() - greatest(now() - interval '5 minutes', coalesce(r.first_claimed_at, now()))), 1)::float8 AS per_minute) w;

-- A probe is one pass of the small model over the last token of its context, which that pass counts as context: its
-- decode_compute has it, so prefill_compute leaves it out.
CREATE OR REPLACE VIEW glimpq.v_compute AS
SELECT r.job_id, j.batch_id, r.strategy, r.strategy_params, r.pair, r.correct, r.steps, r.llm_steps, r.slm_tokens,
    r.llm_tokens, r.probe_tokens, r.slm_discarded_tokens + r.llm_discarded_tokens AS discarded_tokens, r.active_ns,
    r.queue_wait_ms, r.first_claimed_at, r.finished_at,
    (r.slm_tokens + r.slm_discarded_tokens + r.probe_tokens)::float8 * coalesce(r.slm_parameters, 0)
        + (r.llm_tokens + r.llm_discarded_tokens)::float8 * coalesce(r.llm_parameters, 0) AS decode_compute,
    greatest(r.slm_prefill_tokens - r.probe_tokens, 0)::float8 * coalesce(r.slm_parameters, 0)
        + r.llm_prefill_tokens::float8 * coalesce(r.llm_parameters, 0) AS prefill_compute
FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id;

REVOKE ALL ON FUNCTION
    glimpq.ended_since_v1(bigint, timestamptz), glimpq.batch_overview_v1(int, text, int), glimpq.recent_work_v1(int),
    glimpq.recent_errors_v1(int, int), glimpq.unserved_v1(), glimpq.expected_rows_v1(text),
    glimpq.queue_overview_v1(int), glimpq.retry_v2(text, text, text[], timestamptz, boolean, int), glimpq.ended_badly_v1(text)
FROM PUBLIC;
GRANT SELECT ON glimpq.v_export TO glimpq_producer, glimpq_analyst, glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.ended_since_v1(bigint, timestamptz), glimpq.batch_overview_v1(int, text, int), glimpq.recent_work_v1(int),
    glimpq.recent_errors_v1(int, int), glimpq.unserved_v1(), glimpq.queue_overview_v1(int),
    glimpq.ended_badly_v1(text)
TO glimpq_producer, glimpq_analyst, glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.retry_v2(text, text, text[], timestamptz, boolean, int)
TO glimpq_producer, glimpq_admin;
