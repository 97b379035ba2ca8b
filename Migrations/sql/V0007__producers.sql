-- Functions for producers and operators. INSERT INTO glimpq.job and COPY need none of them.
SET LOCAL ROLE glimpq_owner;

CREATE FUNCTION glimpq.ensure_batch(_name text, _metadata jsonb DEFAULT '{}', _tenant text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _id bigint;
BEGIN
    SELECT id INTO _id FROM batch WHERE name = _name;
    IF FOUND THEN RETURN _id; END IF;
    INSERT INTO batch (name, metadata, tenant) VALUES (_name, _metadata, _tenant)
    ON CONFLICT (name) DO NOTHING RETURNING id INTO _id;
    IF _id IS NULL THEN SELECT id INTO STRICT _id FROM batch WHERE name = _name; END IF;
    RETURN _id;
END
$$;
COMMENT ON FUNCTION glimpq.ensure_batch IS 'The id of the batch of this name, which is created if need be.';

CREATE FUNCTION glimpq.enqueue(
    prompt text DEFAULT NULL, messages jsonb DEFAULT NULL, batch text DEFAULT NULL, custom_id text DEFAULT NULL,
    strategy text DEFAULT 'glimprouter', pair text DEFAULT NULL, params jsonb DEFAULT '{}', seed bigint DEFAULT NULL,
    reference_answer text DEFAULT NULL, metadata jsonb DEFAULT NULL, priority smallint DEFAULT 0,
    queue text DEFAULT 'default', run_at timestamptz DEFAULT now(), max_attempts smallint DEFAULT 3,
    timeout interval DEFAULT NULL, tenant text DEFAULT NULL, idem_key text DEFAULT NULL, held boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _id bigint;
    _batch bigint;
BEGIN
    IF enqueue.batch IS NOT NULL THEN _batch := ensure_batch(enqueue.batch); END IF;
    INSERT INTO job AS j (prompt, messages, batch_id, custom_id, strategy, pair, params, seed, reference_answer,
        metadata, priority, queue, run_at, max_attempts, timeout, tenant, idem_key, state)
    VALUES (enqueue.prompt, enqueue.messages, _batch, enqueue.custom_id, enqueue.strategy, enqueue.pair,
        enqueue.params, enqueue.seed, enqueue.reference_answer, enqueue.metadata, enqueue.priority, enqueue.queue,
        enqueue.run_at, enqueue.max_attempts, enqueue.timeout, enqueue.tenant, enqueue.idem_key,
        CASE WHEN held THEN 'held' WHEN enqueue.run_at > now() THEN 'delayed' ELSE 'ready' END)
    ON CONFLICT DO NOTHING
    RETURNING j.id INTO _id;
    IF _id IS NULL THEN  -- the same custom_id in the batch, or the same idempotency key in the queue
        SELECT j.id INTO _id FROM job j
        WHERE (j.batch_id = _batch AND j.custom_id = enqueue.custom_id)
            OR (j.queue = enqueue.queue AND j.idem_key = enqueue.idem_key)
        LIMIT 1;
    END IF;
    RETURN _id;
END
$$;
COMMENT ON FUNCTION glimpq.enqueue IS 'Enqueues one job and returns its id; the id of the existing job if custom_id or idem_key is taken.';

CREATE FUNCTION glimpq.cancel(_job bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _state text;
BEGIN
    SELECT state INTO _state FROM job WHERE id = _job FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'unknown'; END IF;
    IF _state IN ('held', 'delayed', 'ready') THEN
        UPDATE job SET state = 'cancelled', finished_at = now(), cancel_requested_at = now() WHERE id = _job;
        RETURN 'cancelled';
    ELSIF _state = 'running' THEN
        UPDATE job SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE id = _job;
        RETURN 'cancelling';
    END IF;
    RETURN 'already ' || _state;
END
$$;
COMMENT ON FUNCTION glimpq.cancel IS 'Cancels a job: cancelled at once, cancelling (its worker learns it with its next beat), already <state>, or unknown.';

CREATE FUNCTION glimpq.cancel_batch(_batch text, _limit int DEFAULT 5000, OUT cancelled int, OUT cancelling int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _id bigint;
BEGIN
    UPDATE batch SET cancelled_at = coalesce(cancelled_at, now()) WHERE name = _batch RETURNING id INTO _id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch is named %', quote_literal(_batch) USING ERRCODE = 'GQ002';
    END IF;
    -- Waits for claims under way instead of passing over them: a job must not slip through between the two passes.
    WITH chosen AS MATERIALIZED (
        SELECT id FROM job WHERE batch_id = _id AND state IN ('held', 'delayed', 'ready')
        ORDER BY id LIMIT _limit
        FOR NO KEY UPDATE)
    UPDATE job j SET state = 'cancelled', finished_at = now(), cancel_requested_at = now()
    FROM chosen WHERE j.id = chosen.id;
    GET DIAGNOSTICS cancelled = ROW_COUNT;
    WITH chosen AS MATERIALIZED (
        SELECT id FROM job WHERE batch_id = _id AND state = 'running' AND cancel_requested_at IS NULL
        ORDER BY id LIMIT _limit
        FOR NO KEY UPDATE)
    UPDATE job j SET cancel_requested_at = now() FROM chosen WHERE j.id = chosen.id;
    GET DIAGNOSTICS cancelling = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION glimpq.cancel_batch IS 'Cancels up to _limit jobs of a batch; call it until both counts are 0.';

-- Puts a job that ended without a result back. Its finished steps are taken over unless _restart is set.
CREATE FUNCTION glimpq.retry(_job bigint, _restart boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    UPDATE job
    SET state = 'ready', finished_at = NULL, cancel_requested_at = NULL, attempt = 0, infra_fails = 0,
        crash_suspect = 0, run_at = now()
    WHERE id = _job AND state IN ('failed', 'cancelled', 'quarantined');
    IF NOT FOUND THEN RETURN false; END IF;
    IF _restart THEN UPDATE attempt SET resumable = false WHERE job_id = _job; END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION glimpq.retry IS 'Makes a failed, cancelled or quarantined job ready again with fresh budgets; false if it is none of these.';

CREATE FUNCTION glimpq.retry_failed(
    _batch text DEFAULT NULL, _class text DEFAULT NULL, _limit int DEFAULT 5000, _before timestamptz DEFAULT 'infinity')
RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT count(*) FILTER (WHERE retry(id))::int FROM (
        SELECT j.id FROM job j
        WHERE j.state IN ('failed', 'quarantined') AND j.finished_at < _before AND (_class IS NULL OR j.last_error_class = _class)
            AND (_batch IS NULL OR j.batch_id = (SELECT b.id FROM batch b WHERE b.name = _batch))
        LIMIT _limit) AS failed
$$;
COMMENT ON FUNCTION glimpq.retry_failed IS 'Retries up to _limit failed and quarantined jobs of a batch and an error class that ended before a time; number put back. Calls in a row should name one time, else they meet jobs that failed again.';

CREATE FUNCTION glimpq.hold(_jobs bigint[]) RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH moved AS (
        UPDATE job SET state = 'held' WHERE id = ANY (_jobs) AND state IN ('ready', 'delayed') RETURNING 1)
    SELECT count(*)::int FROM moved
$$;
COMMENT ON FUNCTION glimpq.hold IS 'Keeps waiting jobs from being claimed; number held.';

CREATE FUNCTION glimpq.unhold(_jobs bigint[]) RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH moved AS (
        UPDATE job SET state = CASE WHEN run_at > now() THEN 'delayed' ELSE 'ready' END
        WHERE id = ANY (_jobs) AND state = 'held' RETURNING 1)
    SELECT count(*)::int FROM moved
$$;
COMMENT ON FUNCTION glimpq.unhold IS 'Lets held jobs run; number freed.';

CREATE FUNCTION glimpq.pause(_queue text DEFAULT 'default') RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    INSERT INTO queue (name, paused_at) VALUES (_queue, now())
    ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(queue.paused_at, now())
$$;
COMMENT ON FUNCTION glimpq.pause IS 'Stops claims from a queue; running jobs go on.';

CREATE FUNCTION glimpq.resume(_queue text DEFAULT 'default') RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$ UPDATE queue SET paused_at = NULL WHERE name = _queue $$;
COMMENT ON FUNCTION glimpq.resume IS 'Ends a pause.';

CREATE FUNCTION glimpq.set_priority(_jobs bigint[], _priority smallint) RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH moved AS (
        UPDATE job SET priority = _priority WHERE id = ANY (_jobs) AND state IN ('held', 'delayed', 'ready') RETURNING 1)
    SELECT count(*)::int FROM moved
$$;
COMMENT ON FUNCTION glimpq.set_priority IS 'Changes the priority of waiting jobs, higher first; number changed.';

-- Retention. Traces go by partition (drop_step_partitions).
CREATE FUNCTION glimpq.purge(_finished_before timestamptz, _limit int DEFAULT 5000) RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH chosen AS MATERIALIZED (
        SELECT id FROM job
        WHERE state IN ('done', 'failed', 'cancelled', 'quarantined') AND finished_at < _finished_before
        LIMIT _limit FOR UPDATE SKIP LOCKED),
    results AS (DELETE FROM result r USING chosen c WHERE r.job_id = c.id),
    attempts AS (DELETE FROM attempt a USING chosen c WHERE a.job_id = c.id),
    jobs AS (DELETE FROM job j USING chosen c WHERE j.id = c.id RETURNING 1)
    SELECT count(*)::int FROM jobs
$$;
COMMENT ON FUNCTION glimpq.purge IS 'Deletes up to _limit finished jobs with results and attempts; number deleted.';
