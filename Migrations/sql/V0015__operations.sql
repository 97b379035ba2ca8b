-- Retention, upkeep, and what metrics and doctor read; longer than 400 lines because a migration is one file.

-- Whoever only watches: metrics, health and the depth of queues, without prompts, answers or traces.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'glimpq_monitor') THEN
        BEGIN
            CREATE ROLE glimpq_monitor NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    -- Of other users' sessions only pg_read_all_stats may see since when they hold a snapshot. The functions below run
    -- as the owner; without this grant they tell what they can.
    BEGIN
        IF NOT pg_has_role('glimpq_owner', 'pg_read_all_stats', 'USAGE') THEN
            GRANT pg_read_all_stats TO glimpq_owner;
        END IF;
    EXCEPTION WHEN insufficient_privilege OR unique_violation THEN
        RAISE NOTICE 'pg_read_all_stats could not be granted to glimpq_owner: held snapshots of other users stay unnamed';
    END;
END
$$;
SET LOCAL ROLE glimpq_owner;

GRANT USAGE ON SCHEMA glimpq TO glimpq_monitor;
GRANT SELECT ON glimpq.setting, glimpq.schema_migration TO glimpq_monitor;

INSERT INTO glimpq.setting (name, value, note) VALUES
    ('keep_jobs_days', 0, 'days after its end that a job is kept, with result, attempts and trace; 0 keeps all'),
    ('keep_traces_days', 0, 'days after the creation of a job that its trace is kept; 0 keeps it as long as the job'),
    ('keep_workers_days', 30, 'days that the row of an ended worker is kept; 0 keeps all'),
    ('upkeep_interval_seconds', 60, 'least time between two upkeeps of the whole fleet');

-- Where the upkeep stands.
CREATE TABLE glimpq.upkeep (
    singleton     boolean PRIMARY KEY DEFAULT true,
    ran_at        timestamptz NOT NULL DEFAULT '-infinity',
    purged_to     bigint NOT NULL DEFAULT 0,
    pass_ended_at timestamptz NOT NULL DEFAULT '-infinity',
    analyzed_at   timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT upkeep_one_row CHECK (singleton)
);
COMMENT ON TABLE glimpq.upkeep IS 'One row: when the upkeep last ran, and how far its walk over old jobs has come.';
INSERT INTO glimpq.upkeep DEFAULT VALUES;
GRANT SELECT ON glimpq.upkeep TO glimpq_analyst, glimpq_admin, glimpq_monitor;

-- Deletes jobs that the caller has locked, with all that hangs on them. With the last job of a batch goes the memory of
-- its input, so that the same file can be enqueued anew; while the batch has jobs its lines stay known.
CREATE FUNCTION glimpq.delete_jobs_v1(_jobs bigint[], OUT steps bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    _partition regclass;
    _count bigint;
    _batches bigint[];
BEGIN
    steps := 0;
    IF _jobs = '{}' THEN RETURN; END IF;
    SELECT array_agg(DISTINCT j.batch_id) INTO _batches FROM job j WHERE j.id = ANY (_jobs) AND j.batch_id IS NOT NULL;
    FOR _partition IN
        SELECT DISTINCT to_regclass('glimpq.step_' || to_char(j.created_at AT TIME ZONE 'UTC', 'YYYYMMDD'))
        FROM job j WHERE j.id = ANY (_jobs)
        UNION SELECT 'glimpq.step_default'::regclass
    LOOP
        CONTINUE WHEN _partition IS NULL;
        EXECUTE format('DELETE FROM %s WHERE job_id = ANY ($1)', _partition) USING _jobs;
        GET DIAGNOSTICS _count = ROW_COUNT;
        steps := steps + _count;
    END LOOP;
    DELETE FROM result r WHERE r.job_id = ANY (_jobs);
    DELETE FROM attempt a WHERE a.job_id = ANY (_jobs);
    DELETE FROM job j WHERE j.id = ANY (_jobs);
    DELETE FROM batch_input i
    WHERE i.batch_id = ANY (_batches) AND NOT EXISTS (SELECT FROM job j WHERE j.batch_id = i.batch_id);
END
$$;

-- A walk over the primary key, a bounded number of jobs at a time: an index on finished_at would have to be paid for by
-- every finish, and a search without one reads the whole table when there is nothing to delete. Ids rise with the time of
-- creation, so the walk ends where jobs are too young; what a long transaction inserted out of order is for the next walk.
CREATE FUNCTION glimpq.purge_v2(
    _finished_before timestamptz, _after bigint DEFAULT 0, _limit int DEFAULT 2000, _dry_run boolean DEFAULT false,
    OUT jobs int, OUT steps bigint, OUT next bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
DECLARE
    _old bigint[];
    _seen int;
    _youngest boolean;
BEGIN
    SELECT max(w.id), count(*), coalesce(bool_and(w.created_at >= _finished_before), true),
        coalesce(array_agg(w.id) FILTER (WHERE w.is_old), '{}')
    INTO next, _seen, _youngest, _old
    FROM (
        SELECT j.id, j.created_at, j.finished_at < _finished_before
            AND j.state IN ('done', 'failed', 'cancelled', 'quarantined') AS is_old
        FROM job j WHERE j.id > _after ORDER BY j.id LIMIT _limit) w;
    IF _seen < _limit OR _youngest THEN next := NULL; END IF;
    steps := 0;
    IF NOT _dry_run THEN
        SELECT coalesce(array_agg(l.id), '{}') INTO _old FROM (
            SELECT j.id FROM job j
            WHERE j.id = ANY (_old) AND j.state IN ('done', 'failed', 'cancelled', 'quarantined')
                AND j.finished_at < _finished_before
            FOR UPDATE SKIP LOCKED) l;
        SELECT d.steps INTO steps FROM delete_jobs_v1(_old) d;
    END IF;
    jobs := cardinality(_old);
END
$$;
COMMENT ON FUNCTION glimpq.purge_v2 IS 'Looks at up to _limit jobs after an id and deletes those that ended before a time, with results, attempts and traces; next is where to go on, NULL at the end. With _dry_run it only counts the jobs.';

CREATE FUNCTION glimpq.purge_batch_v1(
    _batch text, _finished_before timestamptz DEFAULT 'infinity', _limit int DEFAULT 2000, _dry_run boolean DEFAULT false,
    OUT jobs bigint, OUT steps bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _id bigint;
    _old bigint[];
BEGIN
    SELECT b.id INTO _id FROM batch b WHERE b.name = _batch;
    IF NOT FOUND THEN RAISE EXCEPTION 'no batch is named %', quote_literal(_batch) USING ERRCODE = 'GQ002'; END IF;
    steps := 0;
    IF _dry_run THEN
        SELECT count(*) INTO jobs FROM job j WHERE j.batch_id = _id AND j.finished_at < _finished_before
            AND j.state IN ('done', 'failed', 'cancelled', 'quarantined');
        RETURN;
    END IF;
    SELECT coalesce(array_agg(l.id), '{}') INTO _old FROM (
        SELECT j.id FROM job j WHERE j.batch_id = _id AND j.finished_at < _finished_before
            AND j.state IN ('done', 'failed', 'cancelled', 'quarantined')
        LIMIT _limit FOR UPDATE SKIP LOCKED) l;
    SELECT d.steps INTO steps FROM delete_jobs_v1(_old) d;
    jobs := cardinality(_old);
END
$$;
COMMENT ON FUNCTION glimpq.purge_batch_v1 IS 'Deletes up to _limit jobs of a batch that ended before a time, with results, attempts and traces; call it until it deletes none. With _dry_run it counts all of them.';

-- Dropping a partition locks the whole trace table. It waits for the lock only a moment: writers queue up behind it.
CREATE FUNCTION glimpq.drop_step_partition_v1(_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    _name text := 'step_' || to_char(_day, 'YYYYMMDD');
BEGIN
    IF to_regclass('glimpq.' || _name) IS NULL THEN RETURN false; END IF;
    LOCK TABLE glimpq.step IN ACCESS EXCLUSIVE MODE;
    -- Under the lock no attempt can take steps over any more; one that has would be left with half a trace.
    IF EXISTS (SELECT FROM job j WHERE j.state = 'running' AND (j.created_at AT TIME ZONE 'UTC')::date = _day) THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE glimpq.%I', _name);
    RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION glimpq.drop_step_partition_v1 IS 'Drops the traces of jobs created on a day; false if there are none, if one of these jobs runs, or if somebody reads traces just now.';

-- At most one partition a call. A partition that is too old goes with its rows; one from which all jobs were purged, empty.
CREATE FUNCTION glimpq.drop_old_step_partition_v1() RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _today date := (now() AT TIME ZONE 'UTC')::date;
    _part record;
    _is_empty boolean;
BEGIN
    FOR _part IN
        SELECT c.relname, to_date(substr(c.relname, 6), 'YYYYMMDD') AS day
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'glimpq.step'::regclass AND c.relname ~ '^step_\d{8}$'
        ORDER BY 1
    LOOP
        IF setting('keep_traces_days') > 0 AND _part.day < _today - setting('keep_traces_days')::int THEN
            IF drop_step_partition_v1(_part.day) THEN RETURN 1; END IF;
        ELSIF setting('keep_jobs_days') > 0 AND _part.day < _today - setting('keep_jobs_days')::int THEN
            EXECUTE format('SELECT NOT EXISTS (SELECT FROM glimpq.%I)', _part.relname) INTO _is_empty;
            IF _is_empty AND drop_step_partition_v1(_part.day) THEN RETURN 1; END IF;
        END IF;
    END LOOP;
    RETURN 0;
END
$$;

-- One worker of the fleet at a time does a bounded piece of work; the others are told to come back later.
CREATE FUNCTION glimpq.upkeep_v1(
    _limit int DEFAULT 2000, OUT ran boolean, OUT more boolean, OUT jobs int, OUT steps bigint,
    OUT partitions_dropped int, OUT partitions_created int, OUT workers int, OUT analyze_due boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _state upkeep;
    _purge record;
    _count bigint;
BEGIN
    ran := false; more := false; analyze_due := false;
    jobs := 0; steps := 0; partitions_dropped := 0; partitions_created := 0; workers := 0;
    PERFORM FROM upkeep u WHERE u.ran_at < now() - setting('upkeep_interval_seconds') * interval '1 second';
    IF NOT FOUND OR NOT pg_try_advisory_xact_lock(hashtextextended('glimpq.upkeep', 0)) THEN RETURN; END IF;
    UPDATE upkeep u SET ran_at = now(),
        analyzed_at = CASE WHEN u.analyzed_at < now() - interval '1 day' THEN now() ELSE u.analyzed_at END
    WHERE u.ran_at < now() - setting('upkeep_interval_seconds') * interval '1 second'
    RETURNING u.* INTO _state;
    IF NOT FOUND THEN RETURN; END IF;
    ran := true;
    analyze_due := _state.analyzed_at = now();

    IF setting('keep_jobs_days') > 0 AND (_state.purged_to > 0 OR _state.pass_ended_at < now() - interval '1 hour') THEN
        SELECT * INTO _purge
        FROM purge_v2(now() - setting('keep_jobs_days') * interval '1 day', _state.purged_to, _limit);
        jobs := _purge.jobs;
        steps := _purge.steps;
        more := _purge.next IS NOT NULL;
        UPDATE upkeep SET purged_to = coalesce(_purge.next, 0),
            pass_ended_at = CASE WHEN more THEN pass_ended_at ELSE now() END;
    END IF;

    IF setting('keep_traces_days') > 0 THEN
        WITH old AS MATERIALIZED (
            SELECT s.job_id, s.epoch, s.seq, s.day FROM step_default s
            WHERE s.day < (now() AT TIME ZONE 'UTC')::date - setting('keep_traces_days')::int
                AND NOT EXISTS (SELECT FROM job j WHERE j.id = s.job_id AND j.state = 'running')
            LIMIT _limit)
        DELETE FROM step_default s USING old o
        WHERE s.job_id = o.job_id AND s.epoch = o.epoch AND s.seq = o.seq AND s.day = o.day;
        GET DIAGNOSTICS _count = ROW_COUNT;
        steps := steps + _count;
        more := more OR _count = _limit;
    END IF;

    BEGIN
        partitions_created := create_step_partitions();
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        NULL;  -- rows land in the default partition meanwhile
    END;
    partitions_dropped := drop_old_step_partition_v1();
    more := more OR partitions_dropped > 0;

    -- A worker's row also says that its pairs exist (fail_unknown_pairs_v1): the last one to say so stays.
    IF setting('keep_workers_days') > 0 THEN
        DELETE FROM worker w WHERE w.id IN (
            SELECT o.id FROM worker o
            WHERE o.state IN ('lost', 'gone') AND o.ended_at < now() - setting('keep_workers_days') * interval '1 day'
                AND NOT EXISTS (SELECT FROM job j WHERE j.state = 'running' AND j.worker_id = o.id)
                AND NOT EXISTS (SELECT FROM unnest(o.pairs) p
                    WHERE NOT EXISTS (SELECT FROM worker y WHERE y.id > o.id AND p = ANY (y.pairs)))
            LIMIT 500);
        GET DIAGNOSTICS workers = ROW_COUNT;
    END IF;
    IF more THEN UPDATE upkeep SET ran_at = '-infinity'; END IF;
END
$$;
COMMENT ON FUNCTION glimpq.upkeep_v1 IS 'A bounded piece of retention and partition upkeep, if it is due and nobody else is at it; more says that there is more to do at once, analyze_due that analyze_traces_v1 should be called.';

CREATE FUNCTION glimpq.analyze_traces_v1() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET lock_timeout = '1s'
AS $$
BEGIN
    ANALYZE glimpq.step;
END
$$;
COMMENT ON FUNCTION glimpq.analyze_traces_v1 IS 'Statistics of the trace table as a whole, which autovacuum never gathers.';

-- What metrics read: bounded work whatever the size of the tables.

-- Ready and running jobs of a queue, for whoever decides how many workers there should be. Jobs in work count, so that
-- a fleet that has claimed everything is not taken for an idle one.
CREATE FUNCTION glimpq.backlog(_queue text DEFAULT 'default', _cap int DEFAULT 10000) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM queue q WHERE q.name = _queue AND q.paused_at IS NOT NULL) THEN 0
        ELSE (SELECT count(*) FROM (SELECT FROM job j
            WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue AND j.run_at <= now() LIMIT _cap) r)
        END
        + (SELECT count(*) FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.queue = _queue)
        + (SELECT count(*) FROM job j WHERE j.state = 'running' AND j.queue = _queue)
$$;
COMMENT ON FUNCTION glimpq.backlog IS 'Jobs of a queue that are ready or running, counted up to _cap; ready ones of a paused queue do not count.';

CREATE FUNCTION glimpq.queue_metrics_v1(_cap int DEFAULT 100000)
RETURNS TABLE (queue text, state text, jobs bigint, estimated boolean, oldest_seconds float8, paused boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
    _queue text;
BEGIN
    FOR _queue IN
        WITH RECURSIVE named AS (
            (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 ORDER BY j.queue LIMIT 1)
            UNION ALL
            SELECT (SELECT j.queue FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue > n.queue
                ORDER BY j.queue LIMIT 1)
            FROM named n WHERE n.queue IS NOT NULL)
        SELECT n.queue FROM named n WHERE n.queue IS NOT NULL
        UNION SELECT q.name FROM queue q
        LIMIT 200
    LOOP
        queue := _queue;
        state := 'ready';
        paused := EXISTS (SELECT FROM queue q WHERE q.name = _queue AND q.paused_at IS NOT NULL);
        SELECT count(*) INTO jobs FROM (
            SELECT FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue LIMIT _cap) r;
        estimated := jobs = _cap;
        IF estimated THEN
            jobs := greatest(jobs, expected_rows_v1(
                format('SELECT FROM job WHERE state = ''ready'' AND crash_suspect < 2 AND queue = %L', _queue)));
        END IF;
        -- The first of each priority is the oldest of it.
        WITH RECURSIVE level AS (
            (SELECT j.priority FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                ORDER BY j.priority DESC LIMIT 1)
            UNION ALL
            SELECT (SELECT j.priority FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND j.priority < l.priority ORDER BY j.priority DESC LIMIT 1)
            FROM level l WHERE l.priority IS NOT NULL)
        SELECT extract(epoch FROM now() - min(f.created_at))::float8 INTO oldest_seconds
        FROM (SELECT l.priority FROM level l WHERE l.priority IS NOT NULL LIMIT 100) l
        CROSS JOIN LATERAL (
            SELECT j.created_at FROM job j WHERE j.state = 'ready' AND j.crash_suspect < 2 AND j.queue = _queue
                AND j.priority = l.priority ORDER BY j.id LIMIT 1) f;
        RETURN NEXT;
    END LOOP;
    RETURN QUERY
    SELECT j.queue, 'suspect', count(*), false, extract(epoch FROM now() - min(j.run_at))::float8, false
    FROM job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 GROUP BY 1;
    RETURN QUERY
    SELECT j.queue, 'running', count(*), false, extract(epoch FROM now() - min(j.claimed_at))::float8, false
    FROM job j WHERE j.state = 'running' GROUP BY 1;
    RETURN QUERY
    SELECT d.queue, 'delayed', count(*), (SELECT count(*) FROM (SELECT FROM job j WHERE j.state = 'delayed' LIMIT _cap) c) = _cap,
        extract(epoch FROM now() - min(d.run_at))::float8, false
    FROM (SELECT j.queue, j.run_at FROM job j WHERE j.state = 'delayed' ORDER BY j.run_at LIMIT _cap) d GROUP BY 1;
END
$$;
COMMENT ON FUNCTION glimpq.queue_metrics_v1 IS 'Jobs by queue and state with the age of the oldest (of delayed ones: since they were due); from _cap on an estimate.';

CREATE FUNCTION glimpq.fleet_metrics_v1()
RETURNS TABLE (state text, version text, workers bigint, capacity bigint, in_flight bigint, oldest_beat_seconds float8)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT CASE WHEN w.state IN ('live', 'draining') AND w.lease_until < now() THEN 'expired' ELSE w.state END,
        w.version, count(*), coalesce(sum(w.capacity) FILTER (WHERE w.ended_at IS NULL), 0),
        coalesce(sum(w.in_flight) FILTER (WHERE w.ended_at IS NULL), 0),
        extract(epoch FROM now() - min(w.beat_at) FILTER (WHERE w.ended_at IS NULL))::float8
    FROM worker w WHERE w.ended_at IS NULL OR w.ended_at > now() - interval '1 hour'
    GROUP BY 1, 2
$$;
COMMENT ON FUNCTION glimpq.fleet_metrics_v1 IS 'Workers by state and version; of those that ended only the last hour''s.';

CREATE FUNCTION glimpq.batch_metrics_v1(_newest int DEFAULT 20, _cap int DEFAULT 1000000)
RETURNS TABLE (batch text, state text, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
AS $$
    SELECT b.name, s.state, n.jobs
    FROM (SELECT b.id, b.name FROM (SELECT * FROM batch ORDER BY id DESC LIMIT 500) b
        WHERE EXISTS (SELECT FROM job j WHERE j.batch_id = b.id AND j.state IN ('ready', 'running', 'delayed', 'held'))
        ORDER BY b.id DESC LIMIT _newest) b
    CROSS JOIN unnest(ARRAY['held', 'delayed', 'ready', 'running', 'done', 'failed', 'cancelled', 'quarantined']) s(state)
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs FROM (
            SELECT FROM job j WHERE j.batch_id = b.id AND j.state = s.state LIMIT _cap) c) n
$$;
COMMENT ON FUNCTION glimpq.batch_metrics_v1 IS 'Jobs by state of the newest batches that are not finished, counted up to _cap.';

-- Everything that keeps dead rows from being removed, the worst first. xmin_age is in transactions.
CREATE FUNCTION glimpq.snapshot_holders_v1()
RETURNS TABLE (kind text, pid int, holder text, application text, state text, age_seconds float8, xmin_age bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT 'session', a.pid, a.usename::text, a.application_name, a.state,
        extract(epoch FROM now() - a.xact_start)::float8, age(coalesce(a.backend_xmin, a.backend_xid))::bigint
    FROM pg_stat_activity a
    WHERE coalesce(a.backend_xmin, a.backend_xid) IS NOT NULL AND a.pid <> pg_backend_pid()
        AND a.datname = current_database() AND a.backend_type = 'client backend'
        AND a.pid NOT IN (SELECT v.pid FROM pg_stat_progress_vacuum v)
    UNION ALL
    SELECT 'standby', r.pid, r.usename::text, r.application_name, r.state, extract(epoch FROM r.replay_lag)::float8,
        age(r.backend_xmin)::bigint
    FROM pg_stat_replication r WHERE r.backend_xmin IS NOT NULL
    UNION ALL
    SELECT 'replication slot', s.active_pid, s.slot_name::text, s.plugin::text,
        CASE WHEN s.active THEN 'active' ELSE 'inactive' END, NULL, age(coalesce(s.xmin, s.catalog_xmin))::bigint
    FROM pg_replication_slots s WHERE coalesce(s.xmin, s.catalog_xmin) IS NOT NULL
    UNION ALL
    SELECT 'prepared transaction', NULL, p.owner::text, p.gid, 'prepared',
        extract(epoch FROM now() - p.prepared)::float8, age(p.transaction)::bigint
    FROM pg_prepared_xacts p WHERE p.database = current_database()
    ORDER BY 7 DESC
$$;
COMMENT ON FUNCTION glimpq.snapshot_holders_v1 IS 'Sessions, standbys, replication slots and prepared transactions that keep dead rows from being removed.';

CREATE FUNCTION glimpq.storage_metrics_v1()
RETURNS TABLE (relation text, live float8, dead float8, heap_bytes bigint, index_bytes bigint, total_bytes bigint,
    expected_bytes float8, vacuumed_seconds float8, analyzed_seconds float8, autovacuum boolean, frozen_age bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT CASE WHEN c.relname ~ '^step_\d{8}$' THEN 'step' ELSE c.relname::text END,
        sum(s.n_live_tup)::float8, sum(s.n_dead_tup)::float8, sum(pg_relation_size(c.oid))::bigint,
        sum(pg_indexes_size(c.oid))::bigint, sum(pg_total_relation_size(c.oid))::bigint,
        -- Rows at their average width, each with a header of 24 bytes and a pointer of 4, in pages filled as ordered.
        sum(s.n_live_tup * (28 + w.bytes) * 100 / coalesce(substring(c.reloptions::text FROM 'fillfactor=(\d+)')::int, 100))::float8,
        extract(epoch FROM now() - max(greatest(s.last_vacuum, s.last_autovacuum)))::float8,
        extract(epoch FROM now() - max(greatest(s.last_analyze, s.last_autoanalyze)))::float8,
        bool_and(coalesce(substring(c.reloptions::text FROM 'autovacuum_enabled=(\w+)')::boolean, true)),
        max(age(c.relfrozenxid))::bigint
    FROM pg_class c
    JOIN pg_stat_all_tables s ON s.relid = c.oid
    CROSS JOIN LATERAL (
        SELECT sum((1 - p.null_frac) * p.avg_width)::float8 AS bytes FROM pg_stats p
        WHERE p.schemaname = 'glimpq' AND p.tablename = c.relname) w
    WHERE c.relnamespace = 'glimpq'::regnamespace AND c.relkind = 'r'
    GROUP BY 1
$$;
COMMENT ON FUNCTION glimpq.storage_metrics_v1 IS 'Rows, sizes and vacuum of each table, trace partitions together; expected_bytes is what the rows would take without bloat, NULL before ANALYZE.';

CREATE FUNCTION glimpq.index_health_v1()
RETURNS TABLE (index_name text, relation text, bytes bigint, expected_bytes float8, valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT i.relname::text, t.relname::text, pg_relation_size(i.oid),
        -- Entries of 12 bytes and their keys, in pages filled to nine tenths.
        (greatest(i.reltuples, 0) * (12 + ceil(k.bytes / 8) * 8) / 0.9)::float8, x.indisvalid AND x.indisready
    FROM pg_index x
    JOIN pg_class i ON i.oid = x.indexrelid
    JOIN pg_class t ON t.oid = x.indrelid
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.avg_width), 8)::float8 AS bytes FROM pg_stats p
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey) AND a.attname = p.attname
        WHERE p.schemaname = 'glimpq' AND p.tablename = t.relname) k
    WHERE t.relnamespace = 'glimpq'::regnamespace AND i.relkind = 'i'
$$;
COMMENT ON FUNCTION glimpq.index_health_v1 IS 'Size of each index beside what its entries would take freshly built.';

CREATE FUNCTION glimpq.trace_health_v1(
    OUT days_ahead int, OUT partitions int, OUT default_rows bigint, OUT default_days date[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT (SELECT count(*) FROM generate_series(0, setting('partition_days_ahead')::int) d
            WHERE to_regclass('glimpq.step_' || to_char((now() AT TIME ZONE 'UTC')::date + d, 'YYYYMMDD')) IS NOT NULL)::int - 1,
        (SELECT count(*) FROM pg_inherits WHERE inhparent = 'glimpq.step'::regclass)::int - 1,
        count(*), (array_agg(DISTINCT s.day ORDER BY s.day))[1:5]
    FROM (SELECT day FROM step_default LIMIT 100000) s
$$;
COMMENT ON FUNCTION glimpq.trace_health_v1 IS 'How many days ahead have a trace partition (-1: not even today), and what lies in the default partition (up to 100000 rows).';

CREATE FUNCTION glimpq.server_metrics_v1(
    OUT connections int, OUT max_connections int, OUT frozen_age bigint, OUT database_bytes bigint,
    OUT oldest_snapshot_seconds float8, OUT oldest_xmin_age bigint, OUT sees_all_sessions boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
        age(d.datfrozenxid)::bigint, pg_database_size(d.oid),
        coalesce((SELECT max(h.age_seconds) FROM snapshot_holders_v1() h WHERE h.kind <> 'standby'), 0),
        coalesce((SELECT max(h.xmin_age) FROM snapshot_holders_v1() h), 0),
        pg_has_role('pg_read_all_stats', 'USAGE')
    FROM pg_database d WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION glimpq.server_metrics_v1 IS 'The server as it matters to the queue: connections, age of the oldest snapshot and of the oldest unfrozen transaction.';

REVOKE ALL ON FUNCTION
    glimpq.delete_jobs_v1(bigint[]), glimpq.purge_v2(timestamptz, bigint, int, boolean),
    glimpq.purge_batch_v1(text, timestamptz, int, boolean), glimpq.drop_step_partition_v1(date),
    glimpq.drop_old_step_partition_v1(), glimpq.upkeep_v1(int), glimpq.analyze_traces_v1(), glimpq.backlog(text, int),
    glimpq.queue_metrics_v1(int), glimpq.fleet_metrics_v1(),
    glimpq.batch_metrics_v1(int, int), glimpq.snapshot_holders_v1(), glimpq.storage_metrics_v1(),
    glimpq.index_health_v1(), glimpq.trace_health_v1(), glimpq.server_metrics_v1()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION glimpq.upkeep_v1(int), glimpq.analyze_traces_v1() TO glimpq_worker, glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.purge_v2(timestamptz, bigint, int, boolean), glimpq.purge_batch_v1(text, timestamptz, int, boolean),
    glimpq.drop_step_partition_v1(date)
TO glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.backlog(text, int) TO glimpq_monitor, glimpq_producer, glimpq_worker, glimpq_analyst, glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.queue_metrics_v1(int), glimpq.fleet_metrics_v1(), glimpq.batch_metrics_v1(int, int), glimpq.setting(text)
TO glimpq_monitor, glimpq_analyst, glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.snapshot_holders_v1(), glimpq.storage_metrics_v1(), glimpq.index_health_v1(), glimpq.trace_health_v1(),
    glimpq.server_metrics_v1()
TO glimpq_monitor, glimpq_worker, glimpq_analyst, glimpq_admin;
