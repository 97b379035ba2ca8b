-- Workers: registration, lease, claim. Function names carry a version, so that old and new workers can share a database.
SET LOCAL ROLE glimpq_owner;

CREATE FUNCTION glimpq.register_v1(
    _host text, _pid int, _version text, _capacity int, _queues text[], _pairs text[],
    OUT worker_id bigint, OUT lease_seconds bigint, OUT schema_version int)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH born AS (
        INSERT INTO worker (host, pid, version, capacity, queues, pairs, lease_until)
        VALUES (_host, _pid, _version, _capacity, _queues, _pairs, now() + setting('lease_seconds') * interval '1 second')
        RETURNING id)
    SELECT id, setting('lease_seconds'), (SELECT max(version) FROM schema_migration)::int FROM born
$$;
COMMENT ON FUNCTION glimpq.register_v1 IS 'Makes a worker known under a new id and gives it a lease.';

CREATE FUNCTION glimpq.beat_v1(_worker bigint, _draining boolean, _in_flight int, _stats jsonb)
RETURNS TABLE (job_id bigint, epoch bigint, cancel_requested boolean, seconds_left float8)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH renewed AS (
        UPDATE worker
        SET lease_until = now() + setting('lease_seconds') * interval '1 second', beat_at = now(),
            state = CASE WHEN _draining THEN 'draining' ELSE 'live' END, in_flight = _in_flight, stats = _stats
        WHERE id = _worker AND state IN ('live', 'draining')
        RETURNING id)
    SELECT j.id, j.epoch, j.cancel_requested_at IS NOT NULL, extract(epoch FROM j.deadline_at - now())::float8
    FROM renewed LEFT JOIN job j ON j.worker_id = renewed.id AND j.state = 'running'
$$;
COMMENT ON FUNCTION glimpq.beat_v1 IS 'Renews the lease and tells what the worker holds: one row per job, one row of NULLs if it holds none, no row if it was declared lost.';

CREATE FUNCTION glimpq.leave_v1(_worker bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    UPDATE worker SET state = 'gone', ended_at = now(), in_flight = 0
    WHERE id = _worker AND state IN ('live', 'draining')
$$;
COMMENT ON FUNCTION glimpq.leave_v1 IS 'Ends a worker in order; jobs it still holds go back at the next sweep.';

-- The seed among the parameters, if it is one; a worker refuses a job with any other.
CREATE FUNCTION glimpq.seed_parameter(_params jsonb) RETURNS bigint
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$ SELECT CASE WHEN _params ->> 'seed' ~ '^-?[0-9]{1,19}$'
    AND (_params ->> 'seed')::numeric BETWEEN -9223372036854775808 AND 9223372036854775807
    THEN (_params ->> 'seed')::bigint END $$;

-- One claim of up to _limit jobs of one kind. The planner settings leave it no plan but the walk along the partial
-- index, however stale the statistics; the literals let it prove the index predicate.
CREATE FUNCTION glimpq.claim_from_queue_v1(_worker bigint, _limit int, _queue text, _pairs text[], _suspects boolean)
RETURNS SETOF glimpq.job
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
DECLARE
    _timeout interval;
    _paused boolean;
BEGIN
    SELECT q.default_timeout, q.paused_at IS NOT NULL INTO _timeout, _paused FROM queue q WHERE q.name = _queue;
    IF _paused THEN RETURN; END IF;

    IF _suspects THEN
        RETURN QUERY
        WITH chosen AS MATERIALIZED (
            SELECT j.id FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = _queue AND j.run_at <= now()
                AND (j.pair IS NULL OR j.pair = ANY (_pairs))
            ORDER BY j.priority DESC, j.id
            LIMIT 1
            FOR NO KEY UPDATE SKIP LOCKED),
        claimed AS (
            UPDATE job j
            SET state = 'running', epoch = j.epoch + 1, attempt = j.attempt + 1, worker_id = _worker,
                claimed_at = now(), deadline_at = now() + coalesce(j.timeout, _timeout), seed = coalesce(j.seed, seed_parameter(j.params), j.id)
            FROM chosen WHERE j.id = chosen.id
            RETURNING j.*),
        opened AS (
            INSERT INTO attempt (job_id, epoch, worker_id, chain_epochs, chain_starts)
            SELECT id, epoch, _worker, ARRAY[epoch], ARRAY[0] FROM claimed)
        SELECT * FROM claimed;
        RETURN;
    END IF;

    RETURN QUERY
    WITH chosen AS MATERIALIZED (
        SELECT j.id FROM job j
        WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue AND j.run_at <= now()
            AND (j.pair IS NULL OR j.pair = ANY (_pairs))
        ORDER BY j.priority DESC, j.id
        LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE job j
        SET state = 'running', epoch = j.epoch + 1, attempt = j.attempt + 1, worker_id = _worker,
            claimed_at = now(), deadline_at = now() + coalesce(j.timeout, _timeout), seed = coalesce(j.seed, seed_parameter(j.params), j.id)
        FROM chosen WHERE j.id = chosen.id
        RETURNING j.*),
    opened AS (
        INSERT INTO attempt (job_id, epoch, worker_id, chain_epochs, chain_starts)
        SELECT id, epoch, _worker, ARRAY[epoch], ARRAY[0] FROM claimed)
    SELECT * FROM claimed;
END
$$;

-- Crash suspects run alone: an empty worker takes one of them first, and while it runs one it gets nothing else. If a
-- suspect has waited too long because no worker is ever empty, the live worker with the lowest id gets no new jobs
-- until it is.
CREATE FUNCTION glimpq.claim_v1(_worker bigint, _limit int, _queues text[], _pairs text[])
RETURNS TABLE (
    job_id bigint, epoch bigint, batch_id bigint, custom_id text, day date, queue text, priority smallint,
    prompt text, messages jsonb, params jsonb, pair text, strategy text, seed bigint, reference_answer text,
    metadata jsonb, attempt smallint, max_attempts smallint, infra_fails smallint, isolated boolean,
    seconds_left float8, cancel_requested boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _queue text;
    _left int := _limit;
    _got int;
    _suspects_wait boolean;
BEGIN
    PERFORM 1 FROM worker w WHERE w.id = _worker AND w.state = 'live' AND w.lease_until > now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % holds no live lease', _worker
            USING ERRCODE = 'GQ001', HINT = 'register again under a new id';
    END IF;
    IF EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.worker_id = _worker AND j.crash_suspect >= 2) THEN
        RETURN;
    END IF;

    SELECT EXISTS (SELECT FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = ANY (_queues)
        AND (j.pair IS NULL OR j.pair = ANY (_pairs))) INTO _suspects_wait;
    IF _suspects_wait THEN
        IF NOT EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.worker_id = _worker) THEN
            FOREACH _queue IN ARRAY _queues LOOP
                RETURN QUERY SELECT * FROM claimed_row_v1(_worker, 1, _queue, _pairs, true);
                IF FOUND THEN RETURN; END IF;
            END LOOP;
        ELSIF EXISTS (
                SELECT FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = ANY (_queues)
                    AND (j.pair IS NULL OR j.pair = ANY (_pairs))
                    AND j.run_at < now() - setting('isolation_patience_seconds') * interval '1 second')
            AND _worker = (SELECT min(w.id) FROM worker w
                WHERE w.state = 'live' AND w.lease_until > now() AND w.queues && _queues AND w.pairs && _pairs)
        THEN
            RETURN;
        END IF;
    END IF;

    FOREACH _queue IN ARRAY _queues LOOP
        EXIT WHEN _left <= 0;
        RETURN QUERY SELECT * FROM claimed_row_v1(_worker, _left, _queue, _pairs, false);
        GET DIAGNOSTICS _got = ROW_COUNT;
        _left := _left - _got;
    END LOOP;
END
$$;
COMMENT ON FUNCTION glimpq.claim_v1 IS 'Claims up to _limit jobs from queues in order of preference, of pairs that the worker serves.';

-- The columns of a claimed job that a worker needs.
CREATE FUNCTION glimpq.claimed_row_v1(_worker bigint, _limit int, _queue text, _pairs text[], _suspects boolean)
RETURNS TABLE (
    job_id bigint, epoch bigint, batch_id bigint, custom_id text, day date, queue text, priority smallint,
    prompt text, messages jsonb, params jsonb, pair text, strategy text, seed bigint, reference_answer text,
    metadata jsonb, attempt smallint, max_attempts smallint, infra_fails smallint, isolated boolean,
    seconds_left float8, cancel_requested boolean)
LANGUAGE sql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT c.id, c.epoch, c.batch_id, c.custom_id, (c.created_at AT TIME ZONE 'UTC')::date, c.queue, c.priority,
        c.prompt, c.messages, c.params, c.pair, c.strategy, c.seed, c.reference_answer,
        c.metadata, c.attempt, c.max_attempts, c.infra_fails, c.crash_suspect >= 2,
        extract(epoch FROM c.deadline_at - now())::float8, c.cancel_requested_at IS NOT NULL
    FROM claim_from_queue_v1(_worker, _limit, _queue, _pairs, _suspects) c
$$;

CREATE FUNCTION glimpq.open_jobs_v1(_queues text[], _pairs text[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM job j WHERE j.state = 'ready' AND j.queue = ANY (_queues)
            AND (j.pair IS NULL OR j.pair = ANY (_pairs)))
        OR EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.queue = ANY (_queues)
            AND (j.pair IS NULL OR j.pair = ANY (_pairs)))
        OR EXISTS (SELECT FROM job j WHERE j.state = 'delayed' AND j.queue = ANY (_queues)
            AND (j.pair IS NULL OR j.pair = ANY (_pairs)))
$$;
COMMENT ON FUNCTION glimpq.open_jobs_v1 IS 'Whether queues have work of these pairs that is ready, delayed or running anywhere; a worker that stops when idle asks it.';
