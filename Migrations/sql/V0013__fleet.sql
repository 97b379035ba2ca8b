-- Workers that come, go, lose their lease and come back.
SET LOCAL ROLE glimpq_owner;

-- Registration: protocol, models, and under which number the same process was known before.

INSERT INTO glimpq.setting (name, value, note) VALUES
    ('min_worker_protocol', 1, 'workers of an older protocol are not registered any more; they idle until they are replaced')
ON CONFLICT (name) DO NOTHING;

ALTER TABLE glimpq.worker
    ADD COLUMN protocol int,
    ADD COLUMN previous_id bigint,
    ADD COLUMN default_pair text,
    ADD COLUMN models jsonb;
COMMENT ON COLUMN glimpq.worker.protocol IS 'Which server functions the worker calls; NULL is 1, from before the number existed.';
COMMENT ON COLUMN glimpq.worker.previous_id IS 'The number under which the same process was registered until it was declared lost.';
COMMENT ON COLUMN glimpq.worker.default_pair IS 'The pair of jobs that name none.';
COMMENT ON COLUMN glimpq.worker.models IS 'Names and fingerprints of the models of each pair; steps of other models are not gone on from.';

ALTER TABLE glimpq.attempt
    ADD COLUMN adopted_from bigint,
    ADD COLUMN session_started_at timestamptz,
    ADD COLUMN note text;
COMMENT ON COLUMN glimpq.attempt.adopted_from IS 'The epoch whose session goes on without interruption under this one: its worker had lost its lease and came back.';
COMMENT ON COLUMN glimpq.attempt.session_started_at IS 'When the adopted session began, from which its deadline counts.';
COMMENT ON COLUMN glimpq.attempt.note IS 'What else is to be known, e.g. why stored steps were not gone on from.';

-- A worker that is too old gets no number, and the protocol that is needed.
CREATE FUNCTION glimpq.register_v2(
    _host text, _pid int, _version text, _protocol int, _capacity int, _queues text[], _pairs text[],
    _default_pair text, _models jsonb, _previous bigint,
    OUT worker_id bigint, OUT lease_seconds bigint, OUT schema_version int, OUT min_protocol bigint,
    OUT database_id text)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH born AS (
        INSERT INTO worker (host, pid, version, protocol, capacity, queues, pairs, default_pair, models, previous_id,
            lease_until)
        SELECT _host, _pid, _version, _protocol, _capacity, _queues, _pairs, _default_pair, _models, _previous,
            now() + setting('lease_seconds') * interval '1 second'
        WHERE _protocol >= setting('min_worker_protocol')
        RETURNING id)
    SELECT (SELECT id FROM born), setting('lease_seconds'), (SELECT max(version) FROM schema_migration)::int,
        setting('min_worker_protocol'),
        -- Job numbers repeat from database to database: what a worker keeps on its disk must name the one it belongs to.
        (SELECT c.system_identifier || '/' || d.oid FROM pg_control_system() c, pg_database d
            WHERE d.datname = current_database())
$$;
COMMENT ON FUNCTION glimpq.register_v2 IS 'Makes a worker known under a new id and gives it a lease; no id if its protocol is too old.';

-- Workers of the first protocol are turned away by an error, which is all that they understand.
CREATE FUNCTION glimpq.refuse_old_workers() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    IF coalesce(NEW.protocol, 1) < setting('min_worker_protocol') THEN
        RAISE EXCEPTION 'worker protocol % is too old, this database needs %', coalesce(NEW.protocol, 1),
            setting('min_worker_protocol') USING ERRCODE = 'GQ002', HINT = 'start a newer version of glimpq';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_old_workers BEFORE INSERT ON glimpq.worker
    FOR EACH ROW EXECUTE FUNCTION glimpq.refuse_old_workers();

-- Re-adoption. A worker that was declared lost and comes back under a new number goes on with what it still holds, if
-- nobody has claimed it meanwhile: a claim by job and epoch. The chain of the new attempt takes over what the old one
-- has written by now; rows of the old epoch that arrive later lie behind its end and are nobody's. Budgets that the
-- rescue charged are given back, as the worker was not dead. Asking again gives the same answer.
CREATE FUNCTION glimpq.adopt_v1(_worker bigint, _jobs bigint[], _epochs bigint[])
RETURNS TABLE (job_id bigint, old_epoch bigint, epoch bigint, next_step int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    _previous bigint;
BEGIN
    SELECT w.previous_id INTO _previous FROM worker w
    WHERE w.id = _worker AND w.state = 'live' AND w.lease_until > now();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'worker % holds no live lease', _worker
            USING ERRCODE = 'GQ001', HINT = 'register again under a new id';
    END IF;

    WITH incoming AS MATERIALIZED (
        SELECT DISTINCT i.job_id, i.epoch FROM unnest(_jobs, _epochs) AS i(job_id, epoch)),
    locked AS MATERIALIZED (
        SELECT j.id, j.epoch, j.state <> 'running' AS rescued
        FROM job j JOIN incoming i ON j.id = i.job_id AND j.epoch = i.epoch
        WHERE j.cancel_requested_at IS NULL
            AND (j.state IN ('ready', 'delayed')
                OR (j.state = 'running' AND j.worker_id = _previous
                    AND EXISTS (SELECT FROM worker w WHERE w.id = _previous AND w.state IN ('lost', 'gone'))))
        ORDER BY j.id
        FOR NO KEY UPDATE OF j),
    held AS MATERIALIZED (
        SELECT l.id, l.epoch, l.rescued, coalesce(a.session_started_at, a.started_at) AS began, a.chain_epochs,
            a.chain_starts, a.resumed_at_step, t.steps, t.own, t.tokens
        FROM locked l
        JOIN attempt a ON a.job_id = l.id AND a.epoch = l.epoch
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS steps, count(*) FILTER (WHERE s.epoch = l.epoch)::int AS own,
                coalesce(sum(s.slm_decoded + s.llm_decoded) FILTER (WHERE s.epoch = l.epoch), 0)::bigint AS tokens
            FROM trace_of(l.id, l.epoch) s) t
        WHERE a.worker_id = _previous
            AND (a.outcome IS NULL OR (a.outcome = 'lost' AND a.error_class IS DISTINCT FROM 'deadline'))),
    closed AS (
        UPDATE attempt a
        SET ended_at = coalesce(a.ended_at, now()), outcome = 'lost', error_class = coalesce(a.error_class, 'infra'),
            error_message = 'its worker lost its lease, came back and went on under the next epoch',
            steps_written = h.own, tokens = h.tokens
        FROM held h WHERE a.job_id = h.id AND a.epoch = h.epoch),
    taken AS (
        UPDATE job j
        SET state = 'running', epoch = j.epoch + 1, worker_id = _worker, claimed_at = now(),
            deadline_at = h.began + coalesce(j.timeout, (SELECT q.default_timeout FROM queue q WHERE q.name = j.queue)),
            attempt = CASE WHEN h.rescued THEN j.attempt + 1 ELSE j.attempt END,
            infra_fails = CASE WHEN h.rescued THEN greatest(j.infra_fails - 1, 0) ELSE j.infra_fails END,
            crash_suspect = CASE WHEN h.rescued THEN greatest(j.crash_suspect - 1, 0) ELSE j.crash_suspect END
        FROM held h WHERE j.id = h.id
        RETURNING j.id, j.epoch AS next_epoch)
    INSERT INTO attempt (job_id, epoch, worker_id, adopted_from, session_started_at, resumed_from_epoch,
        resumed_at_step, chain_epochs, chain_starts)
    SELECT h.id, t.next_epoch, _worker, h.epoch, h.began, CASE WHEN h.steps > 0 THEN h.epoch END, h.steps,
        kept.epochs || t.next_epoch, kept.starts || h.steps
    FROM taken t JOIN held h ON h.id = t.id
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(c.epoch ORDER BY c.first, c.epoch), '{}') AS epochs,
            coalesce(array_agg(c.first ORDER BY c.first, c.epoch), '{}') AS starts
        FROM unnest(h.chain_epochs, h.chain_starts) AS c(epoch, first)
        WHERE c.first < h.steps) kept;

    RETURN QUERY
    SELECT j.id, a.adopted_from, j.epoch, a.resumed_at_step
    FROM unnest(_jobs, _epochs) AS i(job_id, epoch)
    JOIN job j ON j.id = i.job_id AND j.state = 'running' AND j.worker_id = _worker
    JOIN attempt a ON a.job_id = j.id AND a.epoch = j.epoch AND a.adopted_from = i.epoch;
END
$$;
COMMENT ON FUNCTION glimpq.adopt_v1 IS 'Gives jobs of a worker that lost its lease back to it under its new id, if nobody has claimed them since; next_step is the first step to write under the new epoch.';

-- Which models an attempt ran on; no row if its worker did not say.
CREATE FUNCTION glimpq.models_of(_worker bigint, _pair text) RETURNS TABLE (pair text, models jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT coalesce(_pair, w.default_pair), w.models -> coalesce(_pair, w.default_pair)
    FROM worker w WHERE w.id = _worker AND w.models IS NOT NULL
$$;

-- As load_resume_v1, but never across models: a job without a pair may come to a worker with another default, or the
-- weights behind a pair's name may have changed. Such a job starts anew, and its attempt says so.
CREATE FUNCTION glimpq.load_resume_v2(_worker bigint, _jobs bigint[], _epochs bigint[])
RETURNS SETOF glimpq.step
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    _claim record;
    _prior record;
    _count int;
    _strange int;
BEGIN
    FOR _claim IN
        SELECT a.job_id, a.epoch, a.resumed_from_epoch, a.resumed_at_step, j.pair AS asked, m.pair, m.models
        FROM unnest(_jobs, _epochs) AS i(job_id, epoch)
        JOIN job j ON j.id = i.job_id AND j.epoch = i.epoch AND j.state = 'running' AND j.worker_id = _worker
        JOIN attempt a ON a.job_id = i.job_id AND a.epoch = i.epoch
        LEFT JOIN LATERAL models_of(_worker, j.pair) m ON true
    LOOP
        IF _claim.resumed_from_epoch IS NOT NULL THEN  -- asked before; the answer must not change
            RETURN QUERY SELECT * FROM trace_of(_claim.job_id, _claim.epoch) s WHERE s.seq < _claim.resumed_at_step;
            CONTINUE;
        END IF;
        FOR _prior IN
            SELECT a.epoch, a.chain_epochs, a.chain_starts, m.pair, m.models FROM attempt a
            LEFT JOIN LATERAL models_of(a.worker_id, _claim.asked) m ON true
            WHERE a.job_id = _claim.job_id AND a.epoch < _claim.epoch AND a.resumable
            ORDER BY a.epoch DESC
        LOOP
            -- Of workers that did not tell their models the steps tell the names.
            SELECT count(*), count(*) FILTER (
                WHERE s.model NOT IN (_claim.models #>> '{slm,name}', _claim.models #>> '{llm,name}'))
            INTO _count, _strange FROM trace_of(_claim.job_id, _prior.epoch) s;
            CONTINUE WHEN _count = 0;
            IF _strange > 0 OR (_prior.pair, _prior.models) <> (_claim.pair, _claim.models) THEN
                UPDATE attempt a
                SET note = format('does not go on from the %s steps of epoch %s: other models wrote them%s',
                    _count, _prior.epoch, ' (pair ' || _prior.pair || ')')
                WHERE a.job_id = _claim.job_id AND a.epoch = _claim.epoch AND a.note IS NULL;
                CONTINUE;
            END IF;
            UPDATE attempt a
            SET resumed_from_epoch = _prior.epoch, resumed_at_step = _count,
                chain_epochs = kept.epochs || a.epoch, chain_starts = kept.starts || _count
            FROM (
                SELECT array_agg(c.epoch ORDER BY c.first, c.epoch) AS epochs,
                    array_agg(c.first ORDER BY c.first, c.epoch) AS starts
                FROM unnest(_prior.chain_epochs, _prior.chain_starts) AS c(epoch, first)
                WHERE c.first < _count) AS kept
            WHERE a.job_id = _claim.job_id AND a.epoch = _claim.epoch;
            RETURN QUERY SELECT * FROM trace_of(_claim.job_id, _prior.epoch) s WHERE s.seq < _count;
            EXIT;
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION glimpq.load_resume_v2 IS 'The steps that earlier attempts of claimed jobs finished with the very models of this worker, and a note in the new attempts that they go on from there.';

-- As finish_v1, but a result whose trace is not complete is not stored: trace rows are committed without waiting for
-- the disk, and a crash of the server can take the last of them back after the worker was told that they are in.
CREATE FUNCTION glimpq.finish_v2(_results json)
RETURNS TABLE (job_id bigint, epoch bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    _untraced bigint[];
BEGIN
    SELECT array_agg(i.job_id) INTO _untraced
    FROM json_to_recordset(_results) AS i(job_id bigint, epoch bigint, trace_rows int)
    JOIN job j ON j.id = i.job_id AND j.epoch = i.epoch AND j.state IN ('running', 'ready', 'delayed')
    JOIN attempt a ON a.job_id = i.job_id AND a.epoch = i.epoch
    WHERE i.trace_rows > (
        SELECT count(*)
        FROM unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
        JOIN step s ON s.job_id = j.id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date AND s.epoch = c.epoch
            AND s.seq >= c.first AND s.seq < coalesce(c.next, i.trace_rows));
    IF _untraced IS NULL THEN
        RETURN QUERY SELECT f.job_id, f.epoch, f.verdict FROM finish_v1(_results) f;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT i.job_id, i.epoch, 'untraced' FROM json_to_recordset(_results) AS i(job_id bigint, epoch bigint)
    WHERE i.job_id = ANY (_untraced);
    RETURN QUERY
    SELECT f.job_id, f.epoch, f.verdict
    FROM finish_v1((
        SELECT coalesce(json_agg(r), '[]') FROM json_array_elements(_results) r
        WHERE (r ->> 'job_id')::bigint <> ALL (_untraced))) f;
END
$$;
COMMENT ON FUNCTION glimpq.finish_v2 IS 'Stores results whose traces are complete (trace_rows rows) and ends their jobs; verdict is accepted, duplicate, stale, or untraced (write the trace again, then ask again).';

-- What a worker may claim with regard to crash suspects, which run alone: 'alone' (it runs one: nothing), 'suspect'
-- (it is empty and one waits that it serves: that first), 'yield' (one has waited too long and this worker is the one
-- to be emptied: nothing), 'open'. For each suspect it is the live worker with the lowest id among those that serve
-- its queue and pair.
CREATE OR REPLACE FUNCTION glimpq.isolation_turn_v1(_worker bigint, _queues text[], _pairs text[]) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.worker_id = _worker AND j.crash_suspect >= 2) THEN
        RETURN 'alone';
    END IF;
    IF NOT EXISTS (SELECT FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = ANY (_queues)
            AND (j.pair IS NULL OR j.pair = ANY (_pairs)) AND j.run_at <= now()
            AND NOT EXISTS (SELECT FROM queue q WHERE q.name = j.queue AND q.paused_at IS NOT NULL)) THEN
        RETURN 'open';
    END IF;
    IF NOT EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.worker_id = _worker) THEN
        RETURN 'suspect';
    END IF;
    IF EXISTS (
        SELECT FROM (
            SELECT DISTINCT s.queue, s.pair FROM (
                SELECT j.queue, j.pair FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = ANY (_queues)
                    AND (j.pair IS NULL OR j.pair = ANY (_pairs))
                    AND j.run_at < now() - setting('isolation_patience_seconds') * interval '1 second'
                    AND NOT EXISTS (SELECT FROM queue q WHERE q.name = j.queue AND q.paused_at IS NOT NULL)
                LIMIT 1000) s) k
        WHERE _worker = (SELECT min(w.id) FROM worker w
            WHERE w.state = 'live' AND w.lease_until > now() AND k.queue = ANY (w.queues)
                AND (k.pair IS NULL OR k.pair = ANY (w.pairs))))
    THEN
        RETURN 'yield';
    END IF;
    RETURN 'open';
END
$$;
COMMENT ON FUNCTION glimpq.isolation_turn_v1 IS 'Whether a worker may claim freely, must take a crash suspect first, or must claim nothing: alone, suspect, yield, open.';

-- Wake-up. Once after a load, never from a trigger: commits that carry a notification queue behind one another.
CREATE TABLE glimpq.wakeup (
    queue    text PRIMARY KEY,
    woken_at timestamptz NOT NULL,
    CONSTRAINT wakeup_queue_size CHECK (length(queue) BETWEEN 1 AND 100)
);
COMMENT ON TABLE glimpq.wakeup IS 'When the workers of a queue were last woken, at most once a second.';

CREATE FUNCTION glimpq.wake(_queue text DEFAULT 'default') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    -- Whoever finds another at it leaves it to that one.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('glimpq.wake ' || _queue, 0)) THEN RETURN false; END IF;
    INSERT INTO wakeup AS w (queue, woken_at) VALUES (_queue, clock_timestamp())
    ON CONFLICT (queue) DO UPDATE SET woken_at = clock_timestamp()
        WHERE w.woken_at <= clock_timestamp() - interval '1 second' OR w.woken_at > clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM pg_notify('glimpq_wake', _queue);
    RETURN true;
END
$$;
COMMENT ON FUNCTION glimpq.wake IS 'Lets idle workers that listen look for jobs of a queue at once instead of at their next poll. Call it once after a load, in a transaction of its own; more than once a second does nothing (false).';

-- What operators look at.
CREATE VIEW glimpq.v_fleet AS
SELECT w.id AS worker_id,
    CASE WHEN w.lease_until < now() THEN 'expired' ELSE w.state END AS state, w.host, w.pid, w.version,
    coalesce(w.protocol, 1) AS protocol,
    coalesce(w.protocol, 1) < (SELECT s.value FROM glimpq.setting s WHERE s.name = 'min_worker_protocol') AS too_old,
    w.previous_id, w.capacity, w.in_flight, w.queues, w.pairs, w.default_pair, w.started_at, w.beat_at,
    extract(epoch FROM w.lease_until - now())::float8 AS lease_seconds_left,
    coalesce(w.stats ->> 'listener', 'off') AS listener, (w.stats ->> 'wakeups')::bigint AS wakeups,
    (w.stats #>> '{finishes,accepted}')::bigint AS accepted, (w.stats #>> '{finishes,duplicate}')::bigint AS duplicate,
    (w.stats #>> '{finishes,stale}')::bigint AS stale, (w.stats #>> '{jobs,adopted}')::bigint AS adopted,
    (w.stats #>> '{jobs,handed_back}')::bigint AS handed_back,
    (w.stats #>> '{jobs,unconfirmed}')::bigint AS unconfirmed, (w.stats ->> 'leases_lost')::bigint AS leases_lost,
    (w.stats #>> '{spool,waiting}')::bigint AS spool_waiting, (w.stats #>> '{spool,written}')::bigint AS spooled,
    (w.stats #>> '{spool,delivered}')::bigint AS spool_delivered, (w.stats #>> '{spool,torn}')::bigint AS spool_torn,
    (w.stats #>> '{traces,backlog}')::bigint AS trace_backlog, (w.stats #>> '{traces,dropped}')::bigint AS trace_dropped,
    (w.stats #>> '{claims,limit}')::bigint AS claim_limit, (w.stats #>> '{claims,timeouts}')::bigint AS claim_timeouts,
    (w.stats #>> '{database,reconnects}')::bigint AS reconnects, (w.stats #>> '{database,repeats}')::bigint AS repeats
FROM glimpq.worker w
WHERE w.state IN ('live', 'draining');
COMMENT ON VIEW glimpq.v_fleet IS 'Living workers: protocol, listener, and what became of their results, leases, spool and traces since their start.';

CREATE VIEW glimpq.v_adoption AS
SELECT a.job_id, a.adopted_from AS old_epoch, a.epoch, o.worker_id AS old_worker_id, a.worker_id, o.ended_at AS lost_at,
    a.started_at AS adopted_at, a.resumed_at_step AS steps_before, a.outcome
FROM glimpq.attempt a
JOIN glimpq.attempt o ON o.job_id = a.job_id AND o.epoch = a.adopted_from
WHERE a.adopted_from IS NOT NULL;
COMMENT ON VIEW glimpq.v_adoption IS 'Sessions that went on under a new epoch after their worker had lost its lease and come back.';

CREATE OR REPLACE VIEW glimpq.v_attempt AS
SELECT a.job_id, a.epoch, a.worker_id, w.host, w.pid, a.started_at, a.ended_at, a.outcome, a.error_class,
    a.error_message, a.resumed_from_epoch, a.resumed_at_step, a.steps_written, a.tokens, a.adopted_from, a.note
FROM glimpq.attempt a LEFT JOIN glimpq.worker w ON w.id = a.worker_id;

REVOKE ALL ON FUNCTION
    glimpq.register_v2(text, int, text, int, int, text[], text[], text, jsonb, bigint), glimpq.refuse_old_workers(),
    glimpq.adopt_v1(bigint, bigint[], bigint[]), glimpq.models_of(bigint, text),
    glimpq.load_resume_v2(bigint, bigint[], bigint[]), glimpq.finish_v2(json),
    glimpq.isolation_turn_v1(bigint, text[], text[]), glimpq.wake(text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    glimpq.register_v2(text, int, text, int, int, text[], text[], text, jsonb, bigint),
    glimpq.adopt_v1(bigint, bigint[], bigint[]), glimpq.load_resume_v2(bigint, bigint[], bigint[]),
    glimpq.finish_v2(json), glimpq.isolation_turn_v1(bigint, text[], text[])
TO glimpq_worker, glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.wake(text) TO glimpq_producer, glimpq_worker, glimpq_admin;
GRANT SELECT ON glimpq.wakeup TO glimpq_analyst, glimpq_admin;
GRANT SELECT ON glimpq.v_fleet, glimpq.v_adoption TO glimpq_producer, glimpq_analyst, glimpq_admin;
