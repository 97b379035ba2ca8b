-- The ends of an attempt: finish, fail, release, and the sweep that rescues the jobs of lost workers. Every statement
-- names the epoch; what does not match changes nothing.
SET LOCAL ROLE glimpq_owner;

-- A finish is accepted while nobody has claimed the job since: also after the lease was lost and the job went back.
-- Repeating a finish is harmless and answers 'duplicate', so that a client that lost the reply can simply ask again.
CREATE FUNCTION glimpq.finish_v1(_results json)
RETURNS TABLE (job_id bigint, epoch bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _accepted bigint[];
BEGIN
    WITH incoming AS MATERIALIZED (
        SELECT * FROM json_to_recordset(_results) AS r(
            job_id bigint, epoch bigint, active_ns bigint, slm_parameters bigint, llm_parameters bigint,
            prompt_tokens int, steps int, llm_steps int, slm_tokens int, llm_tokens int, slm_discarded_tokens int,
            llm_discarded_tokens int, probe_tokens int, slm_prefill_tokens int, llm_prefill_tokens int,
            trace_rows_dropped int, correct boolean, finish_reason text, thinking_stop text, strategy_params text,
            pair text, slm_model text, llm_model text, slm_fingerprint text, llm_fingerprint text,
            engine_version text, params text, answer text, output text, steps_written int, attempt_tokens bigint)),
    locked AS MATERIALIZED (
        SELECT j.id, j.epoch, j.created_at, j.strategy
        FROM job j JOIN incoming i ON j.id = i.job_id AND j.epoch = i.epoch
        WHERE j.state IN ('running', 'ready', 'delayed')
        ORDER BY j.id
        FOR NO KEY UPDATE OF j),
    finished AS (
        UPDATE job j
        SET state = 'done', finished_at = now(), worker_id = NULL, claimed_at = NULL, deadline_at = NULL,
            crash_suspect = 0, last_error_class = NULL
        FROM locked l WHERE j.id = l.id),
    closed AS (
        UPDATE attempt a
        SET ended_at = now(), outcome = 'done', error_class = NULL, error_message = NULL,
            steps_written = coalesce(i.steps_written, 0), tokens = coalesce(i.attempt_tokens, 0)
        FROM locked l JOIN incoming i ON i.job_id = l.id
        WHERE a.job_id = l.id AND a.epoch = l.epoch),
    stored AS (
        INSERT INTO result (
            job_id, epoch, first_claimed_at, queue_wait_ms, active_ns, slm_parameters, llm_parameters, prompt_tokens,
            steps, llm_steps, slm_tokens, llm_tokens, slm_discarded_tokens, llm_discarded_tokens, probe_tokens,
            slm_prefill_tokens, llm_prefill_tokens, trace_rows_dropped, correct, finish_reason, thinking_stop,
            strategy, strategy_params, pair, slm_model, llm_model, slm_fingerprint, llm_fingerprint, engine_version,
            params, answer, output)
        SELECT l.id, l.epoch, f.started_at,
            greatest(0, extract(epoch FROM f.started_at - l.created_at) * 1000)::bigint,
            i.active_ns, i.slm_parameters, i.llm_parameters, i.prompt_tokens,
            i.steps, i.llm_steps, i.slm_tokens, i.llm_tokens, i.slm_discarded_tokens, i.llm_discarded_tokens,
            i.probe_tokens, i.slm_prefill_tokens, i.llm_prefill_tokens, coalesce(i.trace_rows_dropped, 0), i.correct,
            i.finish_reason, i.thinking_stop, l.strategy, coalesce(i.strategy_params::jsonb, '{}'), i.pair, i.slm_model,
            i.llm_model, i.slm_fingerprint, i.llm_fingerprint, i.engine_version, coalesce(i.params::jsonb, '{}'), i.answer,
            i.output
        FROM locked l JOIN incoming i ON i.job_id = l.id
        CROSS JOIN LATERAL (SELECT min(a.started_at) AS started_at FROM attempt a WHERE a.job_id = l.id) f
        RETURNING job_id)
    SELECT coalesce(array_agg(job_id), '{}') INTO _accepted FROM stored;

    -- A new snapshot: it sees what a concurrent finish of the same jobs committed.
    RETURN QUERY
    SELECT i.job_id, i.epoch,
        CASE WHEN i.job_id = ANY (_accepted) THEN 'accepted' WHEN r.job_id IS NOT NULL THEN 'duplicate' ELSE 'stale' END
    FROM json_to_recordset(_results) AS i(job_id bigint, epoch bigint)
    LEFT JOIN result r ON r.job_id = i.job_id AND r.epoch = i.epoch;
END
$$;
COMMENT ON FUNCTION glimpq.finish_v1 IS 'Stores results and ends their jobs in one statement; verdict is accepted, duplicate (already stored by this attempt) or stale (dropped).';

-- The client decides whether and when to retry; the server holds the budgets. A job whose cancellation was asked for
-- ends cancelled whatever the failure.
CREATE FUNCTION glimpq.fail_v1(_failures json)
RETURNS TABLE (job_id bigint, state text)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH incoming AS MATERIALIZED (
        SELECT * FROM json_to_recordset(_failures) AS f(
            job_id bigint, epoch bigint, error_class text, error_message text, retry_after_ms bigint,
            steps_written int, attempt_tokens bigint)),
    locked AS MATERIALIZED (
        SELECT j.id, j.epoch, i.error_class, i.error_message, i.steps_written, i.attempt_tokens, i.retry_after_ms,
            CASE WHEN i.error_class = 'cancelled' OR j.cancel_requested_at IS NOT NULL THEN 'cancelled'
                WHEN i.error_class = 'bad_input' THEN 'failed'
                WHEN i.error_class = 'infra' AND j.infra_fails + 1 >= setting('infra_budget') THEN 'failed'
                WHEN i.error_class <> 'infra' AND (i.retry_after_ms IS NULL OR j.attempt >= j.max_attempts) THEN 'failed'
                WHEN coalesce(i.retry_after_ms, 0) > 0 THEN 'delayed'
                ELSE 'ready' END AS next
        FROM job j JOIN incoming i ON j.id = i.job_id AND j.epoch = i.epoch
        WHERE j.state = 'running'
        ORDER BY j.id
        FOR NO KEY UPDATE OF j),
    moved AS (
        UPDATE job j
        SET state = l.next, worker_id = NULL, claimed_at = NULL, deadline_at = NULL, crash_suspect = 0,
            finished_at = CASE WHEN l.next IN ('failed', 'cancelled') THEN now() END,
            run_at = CASE WHEN l.next IN ('ready', 'delayed')
                THEN now() + coalesce(l.retry_after_ms, 0) * interval '1 millisecond' ELSE j.run_at END,
            attempt = CASE WHEN l.error_class = 'infra' THEN greatest(j.attempt - 1, 0) ELSE j.attempt END,
            infra_fails = CASE WHEN l.error_class = 'infra' THEN j.infra_fails + 1 ELSE j.infra_fails END,
            last_error_class = l.error_class
        FROM locked l WHERE j.id = l.id
        RETURNING j.id, j.state),
    closed AS (
        UPDATE attempt a
        SET ended_at = now(), outcome = CASE WHEN l.next = 'cancelled' THEN 'cancelled' ELSE 'failed' END,
            error_class = l.error_class, error_message = left(l.error_message, 4000),
            steps_written = coalesce(l.steps_written, 0), tokens = coalesce(l.attempt_tokens, 0)
        FROM locked l WHERE a.job_id = l.id AND a.epoch = l.epoch)
    SELECT id, state FROM moved
$$;
COMMENT ON FUNCTION glimpq.fail_v1 IS 'Ends attempts that failed; a job goes back, later or at once, or ends. Jobs whose epoch has moved on are left out of the answer.';

CREATE FUNCTION glimpq.release_v1(_worker bigint, _jobs bigint[], _epochs bigint[], _steps int[] DEFAULT '{}')
RETURNS SETOF bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH incoming AS MATERIALIZED (
        SELECT * FROM unnest(_jobs, _epochs, _steps) AS r(job_id, epoch, steps_written) WHERE job_id IS NOT NULL),
    locked AS MATERIALIZED (
        SELECT j.id, j.epoch, i.steps_written, j.cancel_requested_at IS NOT NULL AS cancelled
        FROM job j JOIN incoming i ON j.id = i.job_id AND j.epoch = i.epoch
        WHERE j.state = 'running' AND j.worker_id = _worker
        ORDER BY j.id
        FOR NO KEY UPDATE OF j),
    moved AS (
        UPDATE job j
        SET state = CASE WHEN l.cancelled THEN 'cancelled' ELSE 'ready' END,
            finished_at = CASE WHEN l.cancelled THEN now() END,
            worker_id = NULL, claimed_at = NULL, deadline_at = NULL, attempt = greatest(j.attempt - 1, 0)
        FROM locked l WHERE j.id = l.id
        RETURNING j.id),
    closed AS (
        UPDATE attempt a
        SET ended_at = now(), outcome = CASE WHEN l.cancelled THEN 'cancelled' ELSE 'released' END,
            steps_written = coalesce(l.steps_written, 0)
        FROM locked l WHERE a.job_id = l.id AND a.epoch = l.epoch)
    SELECT id FROM moved
$$;
COMMENT ON FUNCTION glimpq.release_v1 IS 'Gives jobs back unfinished, the attempt refunded: drain, or a claim whose reply was lost.';

-- Marks workers without a lease as lost and takes their jobs away, a bounded number at a time. The epoch stays: until
-- someone claims the job again, a late finish of the old attempt is still welcome.
CREATE FUNCTION glimpq.rescue_v1(
    _limit int DEFAULT 500, OUT workers_lost int, OUT requeued int, OUT failed int, OUT quarantined int,
    OUT cancelled int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    workers_lost := 0; requeued := 0; failed := 0; quarantined := 0; cancelled := 0;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('glimpq.rescue', 0)) THEN RETURN; END IF;

    UPDATE worker SET state = 'lost', ended_at = now(), in_flight = 0
    WHERE state IN ('live', 'draining') AND lease_until < now()
        -- A lease that ran out while the server was down could not be renewed: its holder gets a lease time to come back.
        AND (lease_until >= pg_postmaster_start_time()
            OR pg_postmaster_start_time() < now() - setting('lease_seconds') * interval '1 second');
    GET DIAGNOSTICS workers_lost = ROW_COUNT;

    WITH victim AS MATERIALIZED (
        SELECT j.id, j.epoch, j.attempt, j.max_attempts, j.infra_fails, j.crash_suspect,
            j.cancel_requested_at IS NOT NULL AS cancel,
            CASE WHEN w.state IN ('live', 'draining') THEN 'deadline'
                WHEN w.state = 'gone' THEN 'infra' ELSE 'crash_suspect' END AS cause,
            (SELECT count(*) FROM step s
                WHERE s.job_id = j.id AND s.epoch = j.epoch AND s.day = (j.created_at AT TIME ZONE 'UTC')::date)::int
                AS steps_written
        FROM job j LEFT JOIN worker w ON w.id = j.worker_id
        WHERE j.state = 'running' AND (w.id IS NULL OR w.state IN ('lost', 'gone')
            OR j.deadline_at < now() - setting('deadline_grace_seconds') * interval '1 second')
        LIMIT _limit
        FOR NO KEY UPDATE OF j SKIP LOCKED),
    judged AS MATERIALIZED (
        SELECT *, CASE WHEN cause <> 'crash_suspect' THEN 0 WHEN steps_written > 0 THEN 1
            ELSE crash_suspect + 1 END AS suspect
        FROM victim),
    decided AS MATERIALIZED (
        SELECT *, CASE WHEN cancel THEN 'cancelled'
            WHEN suspect >= setting('crash_budget') THEN 'quarantined'
            WHEN cause = 'deadline' AND attempt >= max_attempts THEN 'failed'
            WHEN cause <> 'deadline' AND infra_fails + 1 >= setting('infra_budget') THEN 'failed'
            ELSE 'ready' END AS next
        FROM judged),
    moved AS (
        UPDATE job j
        SET state = d.next, worker_id = NULL, claimed_at = NULL, deadline_at = NULL, crash_suspect = d.suspect,
            finished_at = CASE WHEN d.next <> 'ready' THEN now() END, run_at = now(),
            attempt = CASE WHEN d.cause = 'deadline' THEN j.attempt ELSE greatest(j.attempt - 1, 0) END,
            infra_fails = CASE WHEN d.cause = 'deadline' THEN j.infra_fails ELSE j.infra_fails + 1 END,
            last_error_class = d.cause
        FROM decided d WHERE j.id = d.id),
    closed AS (
        UPDATE attempt a
        SET ended_at = now(), outcome = CASE WHEN d.next = 'cancelled' THEN 'cancelled' ELSE 'lost' END,
            error_class = d.cause, steps_written = d.steps_written,
            error_message = CASE d.cause WHEN 'deadline' THEN 'still running long past its deadline'
                WHEN 'infra' THEN 'its worker left without giving it back' ELSE 'its worker stopped renewing its lease' END
        FROM decided d WHERE a.job_id = d.id AND a.epoch = d.epoch)
    SELECT count(*) FILTER (WHERE next = 'ready'), count(*) FILTER (WHERE next = 'failed'),
        count(*) FILTER (WHERE next = 'quarantined'), count(*) FILTER (WHERE next = 'cancelled')
    INTO requeued, failed, quarantined, cancelled FROM decided;
END
$$;
COMMENT ON FUNCTION glimpq.rescue_v1 IS 'Declares workers lost whose lease ran out and takes back jobs of lost workers and jobs far past their deadline.';

CREATE FUNCTION glimpq.promote_v1(_limit int DEFAULT 1000, OUT promoted int, OUT delayed int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    WITH due AS MATERIALIZED (
        SELECT id FROM job WHERE state = 'delayed' AND run_at <= now() ORDER BY run_at LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE job j SET state = 'ready' FROM due WHERE j.id = due.id;
    GET DIAGNOSTICS promoted = ROW_COUNT;
    WITH early AS MATERIALIZED (
        SELECT id FROM job WHERE state = 'ready' AND run_at > created_at AND run_at > now() LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE job j SET state = 'delayed' FROM early WHERE j.id = early.id;
    GET DIAGNOSTICS delayed = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION glimpq.promote_v1 IS 'Makes delayed jobs ready when they are due, and moves future jobs out of the claim''s way.';

-- What some worker must do every few seconds; all parts may run in several workers at once.
-- A misspelt pair must not wait for ever in silence. A pair that some worker has served is only missing for the time
-- being; one that none has ever served, and for longer than the fleet needs to come up, does not exist. The sweep
-- claims such jobs in order to fail them, so that the attempt says why.
CREATE FUNCTION glimpq.fail_unknown_pairs_v1(_limit int DEFAULT 500, OUT failed int)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH RECURSIVE named AS (
        (SELECT j.pair FROM job j WHERE j.state = 'ready' AND j.pair IS NOT NULL ORDER BY j.pair LIMIT 1)
        UNION ALL
        SELECT (SELECT j.pair FROM job j WHERE j.state = 'ready' AND j.pair IS NOT NULL AND j.pair > n.pair
            ORDER BY j.pair LIMIT 1)
        FROM named n WHERE n.pair IS NOT NULL),
    unknown AS (
        SELECT n.pair FROM named n
        WHERE n.pair IS NOT NULL AND NOT EXISTS (SELECT FROM worker w WHERE n.pair = ANY (w.pairs))),
    chosen AS MATERIALIZED (
        SELECT j.id FROM job j
        WHERE j.state = 'ready' AND j.pair IS NOT NULL AND j.pair IN (SELECT u.pair FROM unknown u)
            AND j.run_at < now() - setting('unknown_pair_patience_seconds') * interval '1 second'
        ORDER BY j.id
        LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED),
    ended AS (
        UPDATE job j
        SET state = 'failed', epoch = j.epoch + 1, attempt = j.attempt + 1, finished_at = now(),
            last_error_class = 'bad_input'
        FROM chosen WHERE j.id = chosen.id
        RETURNING j.id, j.epoch, j.pair),
    noted AS (
        INSERT INTO attempt (job_id, epoch, worker_id, ended_at, outcome, error_class, error_message, chain_epochs,
            chain_starts)
        SELECT e.id, e.epoch, 0, now(), 'failed', 'bad_input',
            format('no worker has ever served the model pair "%s"; served so far: %s; correct the pair, or start a '
                'worker whose pool has it, and retry the job', e.pair,
                (SELECT coalesce(string_agg(DISTINCT p, ', '), 'none') FROM worker w, unnest(w.pairs) p)),
            ARRAY[e.epoch], ARRAY[0]
        FROM ended e)
    SELECT count(*)::int FROM ended
$$;
COMMENT ON FUNCTION glimpq.fail_unknown_pairs_v1 IS 'Fails ready jobs that name a model pair which no worker has ever served, after unknown_pair_patience_seconds.';

CREATE FUNCTION glimpq.sweep_v1(
    OUT workers_lost int, OUT requeued int, OUT failed int, OUT quarantined int, OUT cancelled int,
    OUT promoted int, OUT partitions int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    SELECT r.workers_lost, r.requeued, r.failed, r.quarantined, r.cancelled
        INTO workers_lost, requeued, failed, quarantined, cancelled FROM rescue_v1() r;
    failed := failed + fail_unknown_pairs_v1();
    SELECT p.promoted INTO promoted FROM promote_v1() p;
    partitions := 0;
    BEGIN
        partitions := create_step_partitions();
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        NULL;  -- someone reads the default partition; the next sweep tries again, and rows land there meanwhile
    END;
END
$$;
COMMENT ON FUNCTION glimpq.sweep_v1 IS 'Rescue, unknown pairs, promotion and partitions ahead, in one call.';
