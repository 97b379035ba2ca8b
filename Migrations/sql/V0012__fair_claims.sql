-- Claims with tenants' turns, caps and a remembered start of the queue; ageing of jobs that wait for long.
-- It is longer than 400 lines because a migration is one file.
SET LOCAL ROLE glimpq_owner;

-- A claim may wait for the row, or take it just after another has let go of it: what counts is when it got it, not when
-- its transaction began, else an attempt seems to start before the one before it has ended.
ALTER TABLE glimpq.attempt ALTER COLUMN started_at SET DEFAULT clock_timestamp();

-- Every UPDATE of a job evaluates every CHECK again. What a producer wrote cannot change after the first claim, and to
-- look through prompts and JSON then was half of the cost of a claim and of a finish. The new checks are weaker than
-- those they replace, so rows that are there satisfy them: NOT VALID spares a scan under an exclusive lock.
ALTER TABLE glimpq.job
    DROP CONSTRAINT job_prompt_or_messages, DROP CONSTRAINT job_prompt_not_blank, DROP CONSTRAINT job_prompt_size,
    DROP CONSTRAINT job_messages_valid, DROP CONSTRAINT job_messages_size, DROP CONSTRAINT job_params_object,
    DROP CONSTRAINT job_params_size, DROP CONSTRAINT job_metadata_object, DROP CONSTRAINT job_metadata_size,
    DROP CONSTRAINT job_strategy_size, DROP CONSTRAINT job_pair_size, DROP CONSTRAINT job_tenant_size,
    DROP CONSTRAINT job_custom_id_size, DROP CONSTRAINT job_idem_key_size, DROP CONSTRAINT job_reference_answer_size;
ALTER TABLE glimpq.job
    ADD CONSTRAINT job_prompt_or_messages CHECK (epoch > 0 OR num_nonnulls(prompt, messages) = 1) NOT VALID,
    ADD CONSTRAINT job_prompt_not_blank CHECK (epoch > 0 OR prompt ~ '[^[:space:]]') NOT VALID,
    ADD CONSTRAINT job_prompt_size CHECK (epoch > 0 OR octet_length(prompt) <= 16777216) NOT VALID,
    ADD CONSTRAINT job_messages_valid CHECK (epoch > 0 OR (
        jsonb_typeof(messages) = 'array' AND jsonb_array_length(messages) > 0
        AND NOT jsonb_path_exists(messages, 'lax $[*] ? (!(@.role.type() == "string") || !(@.content.type() == "string")
            || !(@.role like_regex "^(system|user|assistant)$"))'))) NOT VALID,
    ADD CONSTRAINT job_messages_size CHECK (epoch > 0 OR octet_length(messages::text) <= 33554432) NOT VALID,
    ADD CONSTRAINT job_params_object CHECK (epoch > 0 OR jsonb_typeof(params) = 'object') NOT VALID,
    ADD CONSTRAINT job_params_size CHECK (epoch > 0 OR octet_length(params::text) <= 33554432) NOT VALID,
    ADD CONSTRAINT job_metadata_object CHECK (epoch > 0 OR jsonb_typeof(metadata) = 'object') NOT VALID,
    ADD CONSTRAINT job_metadata_size CHECK (epoch > 0 OR octet_length(metadata::text) <= 33554432) NOT VALID,
    ADD CONSTRAINT job_strategy_size CHECK (epoch > 0 OR length(strategy) BETWEEN 1 AND 100) NOT VALID,
    ADD CONSTRAINT job_pair_size CHECK (epoch > 0 OR length(pair) BETWEEN 1 AND 200) NOT VALID,
    ADD CONSTRAINT job_tenant_size CHECK (epoch > 0 OR length(tenant) BETWEEN 1 AND 200) NOT VALID,
    ADD CONSTRAINT job_custom_id_size CHECK (epoch > 0 OR length(custom_id) BETWEEN 1 AND 512) NOT VALID,
    ADD CONSTRAINT job_idem_key_size CHECK (epoch > 0 OR length(idem_key) BETWEEN 1 AND 512) NOT VALID,
    ADD CONSTRAINT job_reference_answer_size CHECK (epoch > 0 OR octet_length(reference_answer) <= 1048576) NOT VALID;

-- Isolated jobs in work: next to none, asked for by every claim.
CREATE INDEX job_running_suspect ON glimpq.job (crash_suspect) WHERE state = 'running' AND crash_suspect >= 2;

-- ---------------------------------------------------------------------------------------------------------------------
-- Switches per queue and tenant

ALTER TABLE glimpq.queue
    ADD COLUMN fair boolean NOT NULL DEFAULT false,
    ADD COLUMN max_running int,
    ADD COLUMN max_running_per_tenant int,
    ADD COLUMN ageing interval,
    ADD COLUMN aged_at timestamptz,
    ADD CONSTRAINT queue_max_running_not_negative CHECK (max_running >= 0),
    ADD CONSTRAINT queue_max_running_per_tenant_not_negative CHECK (max_running_per_tenant >= 0),
    ADD CONSTRAINT queue_ageing_not_too_short CHECK (ageing >= interval '1 second');
COMMENT ON COLUMN glimpq.queue.fair IS 'Tenants with ready jobs take turns; priority decides within a tenant. Jobs without a tenant are one more tenant.';
COMMENT ON COLUMN glimpq.queue.max_running IS 'No more jobs of this queue run at once; NULL: no limit. Workers older than claim_v2 do not know it.';
COMMENT ON COLUMN glimpq.queue.max_running_per_tenant IS 'The same for each tenant, unless tenant_limit has a number of its own; implies turns.';
COMMENT ON COLUMN glimpq.queue.ageing IS 'A ready job behind jobs of higher priority rises by one after each such wait; NULL: never.';
COMMENT ON COLUMN glimpq.queue.aged_at IS 'When the sweep last looked for jobs to raise.';

ALTER TABLE glimpq.job ADD COLUMN aged smallint;
COMMENT ON COLUMN glimpq.job.aged IS 'By how much waiting has raised its priority; NULL: not at all.';

CREATE TABLE glimpq.tenant_limit (
    queue       text NOT NULL REFERENCES glimpq.queue (name) ON DELETE CASCADE,
    tenant      text NOT NULL,
    max_running int NOT NULL,
    PRIMARY KEY (queue, tenant),
    CONSTRAINT tenant_limit_tenant_size CHECK (length(tenant) <= 200),
    CONSTRAINT tenant_limit_not_negative CHECK (max_running >= 0)
);
COMMENT ON TABLE glimpq.tenant_limit IS 'How many jobs of a tenant may run at once in a queue; the empty name stands for jobs without a tenant. 0 stops a tenant.';

-- Where the turns of a queue stand. A hint: two claims at once may begin at the same tenant.
CREATE TABLE glimpq.queue_turn (
    queue  text PRIMARY KEY REFERENCES glimpq.queue (name) ON DELETE CASCADE,
    tenant text NOT NULL DEFAULT ''
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
COMMENT ON TABLE glimpq.queue_turn IS 'The tenant that was served last in each queue with turns.';

-- Turns and caps need an index each, which every insert or claim of any job would pay for (turns: a COPY of 84,000
-- rows/s comes down to 55,000). They are made when the first queue needs them, so that nobody else pays. On a table of millions of jobs that takes some seconds, in which
-- nobody writes; an administrator who minds makes them beforehand with CREATE INDEX CONCURRENTLY.
CREATE FUNCTION glimpq.prepare_switches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET lock_timeout = '10s'
AS $$
DECLARE
    _queue text := CASE TG_TABLE_NAME WHEN 'queue' THEN to_jsonb(NEW) ->> 'name' ELSE to_jsonb(NEW) ->> 'queue' END;
    _turns boolean;
    _caps boolean;
BEGIN
    SELECT s.turns, s.caps INTO _turns, _caps FROM queue_switches s WHERE s.name = _queue;
    IF _turns THEN
        INSERT INTO queue_turn (queue) VALUES (_queue) ON CONFLICT DO NOTHING;
        IF to_regclass('glimpq.job_ready_tenant') IS NULL THEN
            CREATE INDEX job_ready_tenant ON job (queue, (coalesce(tenant, '') COLLATE "C"), priority DESC, id)
                WHERE state = 'ready' AND crash_suspect < 2;
        END IF;
    END IF;
    IF _caps AND to_regclass('glimpq.job_running_tenant') IS NULL THEN
        CREATE INDEX job_running_tenant ON job (queue, (coalesce(tenant, '') COLLATE "C")) WHERE state = 'running';
    END IF;
    RETURN NULL;
END
$$;

-- What the claim wants to know of a queue that has a row.
CREATE VIEW glimpq.queue_switches AS
SELECT q.name, q.paused_at IS NOT NULL AS paused, q.max_running, q.max_running_per_tenant,
    q.fair OR q.max_running_per_tenant IS NOT NULL OR l.queue IS NOT NULL AS turns,
    q.max_running IS NOT NULL OR q.max_running_per_tenant IS NOT NULL OR l.queue IS NOT NULL AS caps,
    q.max_running_per_tenant IS NOT NULL OR l.queue IS NOT NULL AS tenant_caps,
    q.default_timeout IS NOT NULL AS timeout
FROM glimpq.queue q
LEFT JOIN LATERAL (SELECT t.queue FROM glimpq.tenant_limit t WHERE t.queue = q.name LIMIT 1) l ON true;
COMMENT ON VIEW glimpq.queue_switches IS 'How claims treat each queue: turns of tenants, caps to look after.';

CREATE TRIGGER queue_prepare AFTER INSERT OR UPDATE ON glimpq.queue
    FOR EACH ROW WHEN (NEW.fair OR NEW.max_running IS NOT NULL OR NEW.max_running_per_tenant IS NOT NULL)
    EXECUTE FUNCTION glimpq.prepare_switches();
CREATE TRIGGER tenant_limit_prepare AFTER INSERT OR UPDATE ON glimpq.tenant_limit
    FOR EACH ROW EXECUTE FUNCTION glimpq.prepare_switches();

CREATE FUNCTION glimpq.limit_queue(_queue text, _max_running int, _max_running_per_tenant int DEFAULT NULL)
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    INSERT INTO queue (name, max_running, max_running_per_tenant)
    VALUES (_queue, _max_running, _max_running_per_tenant)
    ON CONFLICT (name) DO UPDATE
    SET max_running = excluded.max_running, max_running_per_tenant = excluded.max_running_per_tenant
$$;
COMMENT ON FUNCTION glimpq.limit_queue IS 'How many jobs of a queue, and of each of its tenants, may run at once; NULL: no limit. Jobs that run already go on.';

CREATE FUNCTION glimpq.limit_tenant(_queue text, _tenant text, _max_running int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    IF _max_running IS NULL THEN
        DELETE FROM tenant_limit WHERE queue = _queue AND tenant = coalesce(_tenant, '');
        RETURN;
    END IF;
    INSERT INTO queue (name) VALUES (_queue) ON CONFLICT DO NOTHING;
    INSERT INTO tenant_limit (queue, tenant, max_running) VALUES (_queue, coalesce(_tenant, ''), _max_running)
    ON CONFLICT (queue, tenant) DO UPDATE SET max_running = excluded.max_running;
END
$$;
COMMENT ON FUNCTION glimpq.limit_tenant IS 'How many jobs of one tenant may run at once in a queue, whatever the queue says; 0 stops it, NULL goes back to the queue''s limit. A NULL tenant means jobs without one.';

CREATE FUNCTION glimpq.configure_queue(_queue text, _changes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _unknown text;
BEGIN
    SELECT k INTO _unknown FROM jsonb_object_keys(_changes) k
    WHERE k NOT IN ('fair', 'max_running', 'max_running_per_tenant', 'ageing', 'default_timeout', 'note') LIMIT 1;
    IF _unknown IS NOT NULL THEN
        RAISE EXCEPTION 'a queue has no setting %', quote_literal(_unknown) USING ERRCODE = '22023',
            HINT = 'fair, max_running, max_running_per_tenant, ageing, default_timeout and note can be set';
    END IF;
    INSERT INTO queue (name) VALUES (_queue) ON CONFLICT DO NOTHING;
    UPDATE queue q
    SET fair = coalesce(n.fair, false), max_running = n.max_running,
        max_running_per_tenant = n.max_running_per_tenant, ageing = n.ageing, default_timeout = n.default_timeout,
        note = n.note
    FROM (SELECT (jsonb_populate_record(o, _changes)).* FROM queue o WHERE o.name = _queue) n
    WHERE q.name = _queue;
END
$$;
COMMENT ON FUNCTION glimpq.configure_queue IS 'Changes settings of a queue: an object of fair, max_running, max_running_per_tenant, ageing, default_timeout, note; null takes a setting back, what is not named stays.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The claim. The functions below lock jobs and give back their numbers. They run under the settings of claim_v2:
-- generic plans, which spare planning at every call, and no plan but a walk along an index. A worker may have planned
-- when the table was empty, and the plan must hold when it has ten million rows. So nothing is left to costs: each
-- statement asks for an order that one index alone has. That is why the queue is compared with a list of one, and a
-- tenant with a range of one (what is known to be equal is no order), and why counts and EXISTS sort at all. The
-- literals let the planner prove the indexes' predicates.

-- A remembered start is where the walk begins in one priority: what lies before it was claimed, and its dead index
-- entries need not be passed again.
CREATE FUNCTION glimpq.ready_jobs_v2(
    _limit int, _queue text, _pairs text[], _start_queues text[], _start_priorities int[], _start_ids bigint[])
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _ids bigint[] := '{}';
    _highest int := 32767;
    _priority int;
    _first bigint;
BEGIN
    FOR _priority, _first IN
        SELECT s.priority, s.id FROM unnest(_start_queues, _start_priorities, _start_ids) AS s(queue, priority, id)
        WHERE cardinality(_start_queues) > 0 AND s.queue = _queue AND s.priority IS NOT NULL AND s.id IS NOT NULL
        ORDER BY s.priority DESC, s.id
    LOOP
        CONTINUE WHEN _priority > _highest;
        IF _priority < _highest THEN
            _ids := _ids || ARRAY(
                SELECT j.id FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                    AND j.priority <= _highest AND j.priority > _priority AND j.run_at <= now()
                    AND (j.pair IS NULL OR j.pair = ANY (_pairs))
                ORDER BY j.priority DESC, j.id
                LIMIT _limit - cardinality(_ids)
                FOR NO KEY UPDATE SKIP LOCKED);
            IF cardinality(_ids) >= _limit THEN RETURN _ids; END IF;
        END IF;
        _ids := _ids || ARRAY(
            SELECT j.id FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = ANY (ARRAY[_queue])
                AND j.priority = _priority AND j.id >= _first AND j.run_at <= now()
                AND (j.pair IS NULL OR j.pair = ANY (_pairs))
            ORDER BY j.queue, j.priority DESC, j.id
            LIMIT _limit - cardinality(_ids)
            FOR NO KEY UPDATE SKIP LOCKED);
        IF cardinality(_ids) >= _limit THEN RETURN _ids; END IF;
        _highest := _priority - 1;
    END LOOP;
    RETURN _ids || ARRAY(
        SELECT j.id FROM job j
        WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue AND j.priority <= _highest
            AND j.run_at <= now() AND (j.pair IS NULL OR j.pair = ANY (_pairs))
        ORDER BY j.priority DESC, j.id
        LIMIT _limit - cardinality(_ids)
        FOR NO KEY UPDATE SKIP LOCKED);
END
$$;

-- How many more jobs of a queue or of one of its tenants may run. A crash suspect that has waited for long has its place
-- kept, for no worker would ever be emptied for it otherwise.
CREATE FUNCTION glimpq.room_v2(_queue text, _tenant text, _max int, _suspect boolean) RETURNS int
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _taken int;
BEGIN
    IF _tenant IS NULL THEN
        SELECT count(*) INTO _taken FROM (
            SELECT FROM job j WHERE j.state = 'running' AND j.queue = ANY (ARRAY[_queue])
            ORDER BY j.queue, coalesce(j.tenant, '') COLLATE "C" OFFSET 0) r;
    ELSE
        SELECT count(*) INTO _taken FROM (
            SELECT FROM job j
            WHERE j.state = 'running' AND j.queue = _queue AND coalesce(j.tenant, '') COLLATE "C" >= _tenant
                AND coalesce(j.tenant, '') COLLATE "C" <= _tenant
            ORDER BY coalesce(j.tenant, '') COLLATE "C" OFFSET 0) r;
    END IF;
    IF NOT _suspect AND EXISTS (
        SELECT FROM (
            SELECT j.tenant, j.run_at FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = ANY (ARRAY[_queue])
            ORDER BY j.queue, j.priority DESC OFFSET 0) s
        WHERE (_tenant IS NULL OR coalesce(s.tenant, '') COLLATE "C" = _tenant)
            AND s.run_at < now() - setting('isolation_patience_seconds') * interval '1 second')
    THEN
        _taken := _taken + 1;
    END IF;
    RETURN greatest(0, _max - _taken);
END
$$;

-- The same for a tenant, by the limit that counts for it; NULL: as many as there are.
CREATE FUNCTION glimpq.tenant_room_v2(_queue text, _tenant text, _default int, _suspect boolean) RETURNS int
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _max int := coalesce(
        (SELECT t.max_running FROM tenant_limit t WHERE t.queue = _queue AND t.tenant = _tenant), _default);
BEGIN
    RETURN CASE WHEN _max IS NOT NULL THEN room_v2(_queue, _tenant, _max, _suspect) END;
END
$$;

-- Up to _limit tenants of a queue that have ready jobs and room for them, in the order of turns: a loose scan along
-- job_ready_tenant, beginning after the tenant that was served last.
CREATE FUNCTION glimpq.tenants_in_turn_v2(
    _queue text, _limit int, _capped boolean, _default_cap int, OUT tenants text[], OUT rooms int[])
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _served text := coalesce((SELECT t.tenant FROM queue_turn t WHERE t.queue = _queue), '');
BEGIN
    WITH RECURSIVE after AS (
        (SELECT coalesce(j.tenant, '') COLLATE "C" AS tenant FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND coalesce(j.tenant, '') COLLATE "C" > _served
            ORDER BY coalesce(j.tenant, '') COLLATE "C" LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(j.tenant, '') COLLATE "C" FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND coalesce(j.tenant, '') COLLATE "C" > a.tenant
            ORDER BY coalesce(j.tenant, '') COLLATE "C" LIMIT 1)
        FROM after a WHERE a.tenant IS NOT NULL),
    before AS (
        (SELECT coalesce(j.tenant, '') COLLATE "C" AS tenant FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND coalesce(j.tenant, '') COLLATE "C" <= _served
            ORDER BY coalesce(j.tenant, '') COLLATE "C" LIMIT 1)
        UNION ALL
        SELECT (SELECT coalesce(j.tenant, '') COLLATE "C" FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND coalesce(j.tenant, '') COLLATE "C" > b.tenant AND coalesce(j.tenant, '') COLLATE "C" <= _served
            ORDER BY coalesce(j.tenant, '') COLLATE "C" LIMIT 1)
        FROM before b WHERE b.tenant IS NOT NULL),
    ring AS (
        SELECT a.tenant FROM after a WHERE a.tenant IS NOT NULL
        UNION ALL
        SELECT b.tenant FROM before b WHERE b.tenant IS NOT NULL),
    open AS (
        SELECT * FROM (
            SELECT r.tenant, CASE WHEN _capped THEN tenant_room_v2(_queue, r.tenant, _default_cap, false) END AS room
            -- A collation of an argument would become that of the function, whose look-ups then miss the indexes.
            FROM (SELECT ring.tenant COLLATE "default" AS tenant FROM ring) r OFFSET 0) r
        WHERE r.room IS NULL OR r.room > 0
        LIMIT _limit)
    SELECT array_agg(o.tenant), array_agg(o.room) INTO tenants, rooms FROM open o;
END
$$;

-- Ready jobs of one queue, tenant by tenant. All get the same; what some cannot use goes round again, and in the last
-- pass to whoever can use it. NULL: those whose turn it was have none for this worker, but there are more tenants.
CREATE FUNCTION glimpq.ready_jobs_by_turns_v2(
    _limit int, _queue text, _pairs text[], _capped boolean, _default_cap int)
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _passes constant int := 6;
    _width int := greatest(2 * _limit, 50);  -- some tenants may have nothing for this worker
    _tenants text[];
    _rooms int[];
    _ids bigint[] := '{}';
    _left int := _limit;
    _active int;
    _share int;
    _new bigint[];
    _got int[];
    _turn text;
BEGIN
    SELECT t.tenants, t.rooms INTO _tenants, _rooms FROM tenants_in_turn_v2(_queue, _width, _capped, _default_cap) t;
    IF _tenants IS NULL THEN RETURN _ids; END IF;
    _rooms := ARRAY(SELECT least(coalesce(r, _limit), _limit) FROM unnest(_rooms) r);

    FOR _pass IN 1.._passes LOOP
        _active := (SELECT count(*) FROM unnest(_rooms) r WHERE r > 0);
        EXIT WHEN _active = 0;
        _share := CASE WHEN _pass = _passes THEN _left ELSE greatest(1, _left / _active) END;
        SELECT array_agg(c.id), array_agg(c.place::int) INTO _new, _got
        FROM (
            SELECT p.id, t.place
            FROM unnest(_tenants, _rooms) WITH ORDINALITY AS t(tenant, room, place)
            CROSS JOIN LATERAL (
                SELECT j.id FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                    AND coalesce(j.tenant, '') COLLATE "C" >= t.tenant
                    AND coalesce(j.tenant, '') COLLATE "C" <= t.tenant
                    AND j.run_at <= now() AND (j.pair IS NULL OR j.pair = ANY (_pairs)) AND j.id <> ALL (_ids)
                ORDER BY coalesce(j.tenant, '') COLLATE "C", j.priority DESC, j.id
                LIMIT least(t.room, _share)
                FOR NO KEY UPDATE SKIP LOCKED) p
            WHERE t.room > 0
            LIMIT _left) c;
        EXIT WHEN _new IS NULL;
        _ids := _ids || _new;
        _left := _left - cardinality(_new);
        IF _left = 0 OR cardinality(_tenants) < _width THEN _turn := _tenants[_got[cardinality(_got)]]; END IF;
        EXIT WHEN _left = 0;
        -- Who gave less than its share has no more.
        _rooms := ARRAY(
            SELECT CASE WHEN g.n < least(r.room, _share) THEN 0 ELSE r.room - g.n END
            FROM unnest(_rooms) WITH ORDINALITY AS r(room, place)
            CROSS JOIN LATERAL (SELECT count(*)::int AS n FROM unnest(_got) x WHERE x = r.place) g);
    END LOOP;

    -- All that were looked at had their turn. Someone else may be noting his: no matter.
    _turn := coalesce(_turn, _tenants[cardinality(_tenants)]);
    UPDATE queue_turn t SET tenant = _turn
    WHERE t.queue = (SELECT o.queue FROM queue_turn o WHERE o.queue = _queue FOR NO KEY UPDATE SKIP LOCKED);
    RETURN CASE WHEN _ids <> '{}' OR cardinality(_tenants) < _width THEN _ids END;
END
$$;

CREATE FUNCTION glimpq.ready_suspect_v2(
    _queue text, _pairs text[], _capped boolean, _default_cap int) RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
        SELECT j.id FROM job j
        WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = _queue AND j.run_at <= now()
            AND (j.pair IS NULL OR j.pair = ANY (_pairs))
            AND (NOT _capped OR coalesce(tenant_room_v2(_queue, coalesce(j.tenant, ''), _default_cap, true), 1) > 0)
        ORDER BY j.priority DESC, j.id
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED);
END
$$;

-- The same for queues of which at least one has a row with switches. Claims from a queue with caps go one by one, so
-- that none sees room which another is filling.
CREATE FUNCTION glimpq.ready_jobs_of_switched_queues_v2(
    _limit int, _queues text[], _pairs text[], _start_queues text[], _start_priorities int[],
    _start_ids bigint[], _suspect boolean)
RETURNS bigint[]
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _ids bigint[] := '{}';
    _closed text[] := '{}';
    _queue text;
    _more bigint[];
    _is record;
    _room int;
BEGIN
    -- In the order of names, so that no two claims wait for each other.
    FOR _is IN SELECT * FROM queue_switches s WHERE s.name = ANY (_queues) AND (s.paused OR s.caps) ORDER BY s.name
    LOOP
        IF _is.paused OR _is.max_running IS NOT NULL AND room_v2(_is.name, NULL, _is.max_running, _suspect) = 0 THEN
            _closed := _closed || _is.name;
            CONTINUE;
        END IF;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('glimpq.cap ' || _is.name, 0));
        EXCEPTION WHEN lock_not_available THEN
            _closed := _closed || _is.name;  -- a crowd of claims; the next poll is soon
        END;
    END LOOP;

    FOREACH _queue IN ARRAY _queues LOOP
        CONTINUE WHEN _queue = ANY (_closed);
        _room := _limit - cardinality(_ids);
        SELECT * INTO _is FROM queue_switches s WHERE s.name = _queue;
        IF _is.max_running IS NOT NULL THEN
            _room := least(_room, room_v2(_queue, NULL, _is.max_running, _suspect));
            CONTINUE WHEN _room = 0;
        END IF;
        IF _suspect THEN
            _ids := ready_suspect_v2(_queue, _pairs, coalesce(_is.tenant_caps, false), _is.max_running_per_tenant);
            EXIT WHEN cardinality(_ids) > 0;
        ELSIF _is.turns THEN
            FOR _try IN 1..20 LOOP  -- past tenants whose jobs others must do
                _more := ready_jobs_by_turns_v2(
                    _room, _queue, _pairs, _is.tenant_caps, _is.max_running_per_tenant);
                EXIT WHEN _more IS NOT NULL;
            END LOOP;
            _ids := _ids || coalesce(_more, '{}');
        ELSE
            _ids := _ids || ready_jobs_v2(_room, _queue, _pairs, _start_queues, _start_priorities, _start_ids);
        END IF;
        EXIT WHEN cardinality(_ids) >= _limit;
    END LOOP;
    RETURN _ids;
END
$$;

CREATE FUNCTION glimpq.claim_v2(
    _worker bigint, _limit int, _queues text[], _pairs text[], _start_queues text[] DEFAULT '{}',
    _start_priorities int[] DEFAULT '{}', _start_ids bigint[] DEFAULT '{}')
RETURNS TABLE (
    job_id bigint, epoch bigint, batch_id bigint, custom_id text, day date, queue text, priority smallint,
    prompt text, messages jsonb, params jsonb, pair text, strategy text, seed bigint, reference_answer text,
    metadata jsonb, attempt smallint, max_attempts smallint, infra_fails smallint, isolated boolean,
    seconds_left float8, cancel_requested boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
SET lock_timeout = '1s'
AS $$
#variable_conflict use_column
DECLARE
    _ids bigint[] := '{}';
    _queue text;
    _live boolean;
    _suspects boolean;
    _switched boolean;
    _timeouts boolean;
BEGIN
    IF _limit <= 0 THEN RETURN; END IF;
    SELECT EXISTS (SELECT FROM worker w WHERE w.id = _worker AND w.state = 'live' AND w.lease_until > now()),
        EXISTS (SELECT FROM (SELECT j.worker_id FROM job j WHERE j.state = 'running' AND j.crash_suspect >= 2
                ORDER BY j.crash_suspect OFFSET 0) s WHERE s.worker_id = _worker)
            OR EXISTS (SELECT FROM (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2
                ORDER BY j.queue, j.priority DESC OFFSET 0) s WHERE s.queue = ANY (_queues)),
        EXISTS (SELECT FROM queue_switches s WHERE s.name = ANY (_queues) AND (s.paused OR s.turns OR s.caps)),
        EXISTS (SELECT FROM queue_switches s WHERE s.name = ANY (_queues) AND s.timeout)
    INTO _live, _suspects, _switched, _timeouts;
    IF NOT _live THEN
        RAISE EXCEPTION 'worker % holds no live lease', _worker
            USING ERRCODE = 'GQ001', HINT = 'register again under a new id';
    END IF;

    IF _suspects THEN  -- the function comes with the next migration
        CASE isolation_turn_v1(_worker, _queues, _pairs)
            WHEN 'alone', 'yield' THEN RETURN;
            WHEN 'suspect' THEN
                _ids := ready_jobs_of_switched_queues_v2(1, _queues, _pairs, '{}', '{}', '{}', true);
            ELSE
        END CASE;
    END IF;
    IF _ids = '{}' AND _switched THEN
        _ids := ready_jobs_of_switched_queues_v2(
            _limit, _queues, _pairs, _start_queues, _start_priorities, _start_ids, false);
    ELSIF _ids = '{}' THEN
        FOREACH _queue IN ARRAY _queues LOOP
            _ids := _ids || ready_jobs_v2(
                _limit - cardinality(_ids), _queue, _pairs, _start_queues, _start_priorities, _start_ids);
            EXIT WHEN cardinality(_ids) >= _limit;
        END LOOP;
    END IF;
    IF _ids = '{}' THEN RETURN; END IF;

    RETURN QUERY
    WITH claimed AS (
        UPDATE job j
        SET state = 'running', epoch = j.epoch + 1, attempt = j.attempt + 1, worker_id = _worker, claimed_at = now(),
            deadline_at = now() + coalesce(j.timeout, CASE WHEN _timeouts
                THEN (SELECT q.default_timeout FROM queue q WHERE q.name = j.queue) END),
            seed = CASE WHEN j.seed IS NULL AND j.params ? 'seed' THEN coalesce(seed_parameter(j.params), j.id)
                ELSE coalesce(j.seed, j.id) END
        WHERE j.id = ANY (_ids)
        RETURNING j.id, j.epoch, j.batch_id, j.custom_id, (j.created_at AT TIME ZONE 'UTC')::date, j.queue,
            j.priority, j.prompt, j.messages, j.params, j.pair, j.strategy, j.seed, j.reference_answer, j.metadata,
            j.attempt, j.max_attempts, j.infra_fails, j.crash_suspect >= 2,
            extract(epoch FROM j.deadline_at - now())::float8, j.cancel_requested_at IS NOT NULL),
    opened AS (
        INSERT INTO attempt (job_id, epoch, worker_id, chain_epochs, chain_starts)
        SELECT c.id, c.epoch, _worker, ARRAY[c.epoch], ARRAY[0] FROM claimed c)
    SELECT * FROM claimed;
END
$$;
COMMENT ON FUNCTION glimpq.claim_v2 IS 'Claims up to _limit jobs from queues in order of preference, of pairs that the worker serves. _start_*: where to begin in a queue and priority; leave it out every few seconds, or jobs before it stay unseen.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The sweep

CREATE FUNCTION glimpq.promote_v2(_limit int DEFAULT 10000, OUT promoted int, OUT delayed int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    WITH due AS MATERIALIZED (
        SELECT j.id FROM job j WHERE j.state = 'delayed' AND j.run_at <= now() ORDER BY j.run_at LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE job j SET state = 'ready' FROM due WHERE j.id = due.id;
    GET DIAGNOSTICS promoted = ROW_COUNT;
    WITH early AS MATERIALIZED (
        SELECT j.id FROM job j WHERE j.state = 'ready' AND j.run_at > j.created_at AND j.run_at > now()
        ORDER BY j.run_at LIMIT _limit
        FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE job j SET state = 'delayed' FROM early WHERE j.id = early.id;
    GET DIAGNOSTICS delayed = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION glimpq.promote_v2 IS 'Makes delayed jobs ready when they are due, and moves future jobs out of the claim''s way.';

-- Looks at the oldest jobs of each priority but the highest that has any: there is nobody to pass there. One sweep at a
-- time does it for a queue, and not more often than is of use.
CREATE FUNCTION glimpq.age_v1(_limit int DEFAULT 2000) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    _queue record;
    _level int;
    _levels int[];
    _raised int;
    _total int := 0;
BEGIN
    FOR _queue IN
        SELECT q.name, q.ageing FROM queue q
        WHERE q.ageing IS NOT NULL
            AND (q.aged_at IS NULL OR q.aged_at < now() - least(interval '5 seconds', q.ageing / 4))
        FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        UPDATE queue q SET aged_at = now() WHERE q.name = _queue.name;
        WITH RECURSIVE level AS (
            (SELECT j.priority FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue.name
                ORDER BY j.priority DESC LIMIT 1)
            UNION ALL
            SELECT (SELECT j.priority FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue.name AND j.priority < l.priority
                ORDER BY j.priority DESC LIMIT 1)
            FROM level l WHERE l.priority IS NOT NULL)
        SELECT array_agg(l.priority) INTO _levels FROM (
            SELECT priority FROM level WHERE priority IS NOT NULL OFFSET 1 LIMIT 100) l;
        FOREACH _level IN ARRAY coalesce(_levels, '{}') LOOP  -- from high to low: nobody rises twice
            WITH head AS MATERIALIZED (
                SELECT j.id, j.run_at + _queue.ageing * (1 + coalesce(j.aged, 0)) AS rises_at FROM job j
                WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = ANY (ARRAY[_queue.name])
                    AND j.priority = _level
                ORDER BY j.queue, j.priority DESC, j.id
                LIMIT _limit),
            due AS MATERIALIZED (
                SELECT j.id FROM job j
                WHERE j.id = ANY (ARRAY(SELECT h.id FROM head h WHERE h.rises_at <= now()))
                    AND j.state = 'ready' AND j.priority = _level
                FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE job j SET priority = j.priority + 1, aged = coalesce(j.aged, 0) + 1
            FROM due WHERE j.id = due.id;
            GET DIAGNOSTICS _raised = ROW_COUNT;
            _total := _total + _raised;
        END LOOP;
    END LOOP;
    RETURN _total;
END
$$;
COMMENT ON FUNCTION glimpq.age_v1 IS 'Raises jobs that have waited long behind higher priorities, in queues with ageing; number raised.';

CREATE FUNCTION glimpq.sweep_v2(
    OUT workers_lost int, OUT requeued int, OUT failed int, OUT quarantined int, OUT cancelled int,
    OUT promoted int, OUT partitions int, OUT aged int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    SELECT r.workers_lost, r.requeued, r.failed, r.quarantined, r.cancelled
        INTO workers_lost, requeued, failed, quarantined, cancelled FROM rescue_v1() r;
    failed := failed + fail_unknown_pairs_v1();
    SELECT p.promoted INTO promoted FROM promote_v2() p;
    aged := age_v1();
    partitions := 0;
    BEGIN
        partitions := create_step_partitions();
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        NULL;  -- someone reads the default partition; the next sweep tries again, and rows land there meanwhile
    END;
END
$$;
COMMENT ON FUNCTION glimpq.sweep_v2 IS 'Rescue, unknown pairs, promotion, ageing and partitions ahead, in one call.';

-- ---------------------------------------------------------------------------------------------------------------------
-- For people

CREATE VIEW glimpq.v_queue AS
SELECT coalesce(d.queue, q.name) AS queue, q.paused_at, coalesce(q.fair, false) AS fair, q.max_running,
    q.max_running_per_tenant,
    (SELECT count(*) FROM glimpq.tenant_limit t WHERE t.queue = q.name) AS tenant_limits,
    q.ageing, q.default_timeout, q.note, coalesce(d.ready, 0) AS ready, coalesce(d.delayed, 0) AS delayed,
    coalesce(d.running, 0) AS running, coalesce(d.held, 0) AS held, d.oldest_ready_seconds
FROM glimpq.queue q
FULL JOIN glimpq.v_queue_depth d ON d.queue = q.name;
COMMENT ON VIEW glimpq.v_queue IS 'Queues with their switches and what waits and runs in them.';

CREATE VIEW glimpq.v_tenant AS
SELECT coalesce(d.queue, t.queue) AS queue, coalesce(d.tenant, nullif(t.tenant, '')) AS tenant,
    coalesce(d.ready, 0) AS ready, coalesce(d.running, 0) AS running,
    coalesce(t.max_running, q.max_running_per_tenant) AS max_running, d.oldest_ready_seconds
FROM (
    SELECT j.queue, j.tenant, count(*) FILTER (WHERE j.state = 'ready') AS ready,
        count(*) FILTER (WHERE j.state = 'running') AS running,
        extract(epoch FROM now() - min(j.created_at) FILTER (WHERE j.state = 'ready'))::float8 AS oldest_ready_seconds
    FROM glimpq.job j WHERE j.state IN ('ready', 'running') GROUP BY j.queue, j.tenant) d
FULL JOIN glimpq.tenant_limit t ON t.queue = d.queue AND t.tenant = coalesce(d.tenant, '')
LEFT JOIN glimpq.queue q ON q.name = coalesce(d.queue, t.queue);
COMMENT ON VIEW glimpq.v_tenant IS 'What waits and runs for each tenant of each queue, and how much may.';

REVOKE ALL ON FUNCTION
    glimpq.prepare_switches(), glimpq.limit_queue(text, int, int), glimpq.limit_tenant(text, text, int),
    glimpq.configure_queue(text, jsonb),
    glimpq.ready_jobs_v2(int, text, text[], text[], int[], bigint[]),
    glimpq.room_v2(text, text, int, boolean), glimpq.tenant_room_v2(text, text, int, boolean),
    glimpq.tenants_in_turn_v2(text, int, boolean, int),
    glimpq.ready_jobs_by_turns_v2(int, text, text[], boolean, int),
    glimpq.ready_suspect_v2(text, text[], boolean, int),
    glimpq.ready_jobs_of_switched_queues_v2(int, text[], text[], text[], int[], bigint[], boolean),
    glimpq.claim_v2(bigint, int, text[], text[], text[], int[], bigint[]),
    glimpq.promote_v2(int), glimpq.age_v1(int), glimpq.sweep_v2()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    glimpq.claim_v2(bigint, int, text[], text[], text[], int[], bigint[]),
    glimpq.promote_v2(int), glimpq.age_v1(int), glimpq.sweep_v2()
TO glimpq_worker, glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.limit_queue(text, int, int), glimpq.limit_tenant(text, text, int), glimpq.configure_queue(text, jsonb)
TO glimpq_admin;
GRANT INSERT, UPDATE, DELETE ON glimpq.tenant_limit TO glimpq_admin;
GRANT SELECT ON glimpq.tenant_limit, glimpq.queue_turn, glimpq.queue_switches, glimpq.v_queue, glimpq.v_tenant
TO glimpq_analyst, glimpq_admin;
GRANT SELECT ON glimpq.v_queue, glimpq.v_tenant TO glimpq_producer;
