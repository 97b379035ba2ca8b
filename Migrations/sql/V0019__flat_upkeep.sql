-- A sweep whose cost does not grow with the backlog, and attempts that are closed with fewer writes.
SET LOCAL ROLE glimpq_owner;

-- An attempt is written twice, at the claim and at its end, and its second version is longer. With half of each page
-- left free it stays on its page: no second entry in the index, no second page, no lock record in the log.
ALTER TABLE glimpq.attempt SET (fillfactor = 45);

-- ---------------------------------------------------------------------------------------------------------------------
-- The sweep

-- As fail_unknown_pairs_v1, whose second look read every ready job that names a pair, although all pairs were known.
-- Now it reads only jobs of unknown pairs, and of each pair no more than it may fail at once.
CREATE FUNCTION glimpq.fail_unknown_pairs_v2(_limit int DEFAULT 500, OUT failed int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_sort = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    _pairs text[] := '{}';
    _pair text := '';
    _ids bigint[] := '{}';
BEGIN
    failed := 0;
    -- From name to name along the index, never from job to job.
    FOR _try IN 1..1000 LOOP
        SELECT j.pair INTO _pair FROM job j
        WHERE j.state = 'ready' AND j.pair IS NOT NULL AND j.pair > _pair
        ORDER BY j.pair LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF NOT EXISTS (SELECT FROM worker w WHERE _pair = ANY (w.pairs)) THEN _pairs := _pairs || _pair; END IF;
    END LOOP;
    FOREACH _pair IN ARRAY _pairs LOOP
        -- In one pair the index has the order of the table: the oldest come first, and those that are due go away.
        WITH head AS MATERIALIZED (
            SELECT j.id, j.run_at FROM job j
            WHERE j.state = 'ready' AND j.pair IS NOT NULL AND j.pair >= _pair AND j.pair <= _pair
            ORDER BY j.pair LIMIT 4 * _limit)
        SELECT _ids || coalesce(array_agg(h.id), '{}') INTO _ids FROM head h
        WHERE h.run_at < now() - setting('unknown_pair_patience_seconds') * interval '1 second';
        EXIT WHEN cardinality(_ids) >= _limit;
    END LOOP;
    IF _ids = '{}' THEN RETURN; END IF;

    WITH chosen AS MATERIALIZED (
        SELECT j.id FROM job j
        WHERE j.id = ANY (_ids[:_limit]) AND j.state = 'ready'
            AND j.run_at < now() - setting('unknown_pair_patience_seconds') * interval '1 second'
        FOR NO KEY UPDATE SKIP LOCKED),
    ended AS (
        UPDATE job j
        SET state = 'failed', epoch = j.epoch + 1, attempt = j.attempt + 1, finished_at = now(),
            last_error_class = 'bad_input'
        FROM chosen c WHERE j.id = c.id
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
    SELECT count(*)::int INTO failed FROM ended;
END
$$;
COMMENT ON FUNCTION glimpq.fail_unknown_pairs_v2 IS 'Fails ready jobs that name a model pair which no worker has ever served, after unknown_pair_patience_seconds; its cost does not grow with the number of ready jobs.';

CREATE FUNCTION glimpq.sweep_v3(
    OUT workers_lost int, OUT requeued int, OUT failed int, OUT quarantined int, OUT cancelled int,
    OUT promoted int, OUT partitions int, OUT aged int)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    SELECT r.workers_lost, r.requeued, r.failed, r.quarantined, r.cancelled
        INTO workers_lost, requeued, failed, quarantined, cancelled FROM rescue_v1() r;
    failed := failed + fail_unknown_pairs_v2();
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
COMMENT ON FUNCTION glimpq.sweep_v3 IS 'Rescue, unknown pairs, promotion, ageing and partitions ahead, in one call.';

REVOKE ALL ON FUNCTION glimpq.fail_unknown_pairs_v2(int), glimpq.sweep_v3() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION glimpq.sweep_v3() TO glimpq_worker, glimpq_admin;
