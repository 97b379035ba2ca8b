-- Daily partitions of the trace table.
SET LOCAL ROLE glimpq_owner;

CREATE FUNCTION glimpq.setting(_name text) RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$ SELECT value FROM setting WHERE name = _name $$;

-- Creates one day's partition and moves rows of that day out of the default partition. Attaching takes no lock that
-- writers of other days would wait for; the default partition is locked only for the moment of the move.
CREATE FUNCTION glimpq.create_step_partition(_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    _name text := 'step_' || to_char(_day, 'YYYYMMDD');
BEGIN
    IF to_regclass('glimpq.' || _name) IS NOT NULL THEN RETURN false; END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('glimpq.step_partition', 0));
    IF to_regclass('glimpq.' || _name) IS NOT NULL THEN RETURN false; END IF;
    EXECUTE format('CREATE TABLE glimpq.%I (LIKE glimpq.step INCLUDING ALL)', _name);
    LOCK TABLE glimpq.step_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format(
        'WITH moved AS (DELETE FROM glimpq.step_default WHERE day = %L RETURNING *) INSERT INTO glimpq.%I SELECT * FROM moved',
        _day, _name);
    EXECUTE format('ALTER TABLE glimpq.step ATTACH PARTITION glimpq.%I FOR VALUES FROM (%L) TO (%L)',
        _name, _day, _day + 1);
    RETURN true;
END
$$;
COMMENT ON FUNCTION glimpq.create_step_partition(date) IS 'Creates the trace partition of a day; false if it exists.';

CREATE FUNCTION glimpq.create_step_partitions(_ahead int DEFAULT NULL) RETURNS int
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT count(*) FILTER (WHERE create_step_partition((now() AT TIME ZONE 'UTC')::date + d))::int
    FROM generate_series(0, coalesce(_ahead, setting('partition_days_ahead')::int)) AS d
$$;
COMMENT ON FUNCTION glimpq.create_step_partitions(int) IS 'Creates the trace partitions of today and the days ahead; number created.';

CREATE FUNCTION glimpq.drop_step_partitions(_before date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET lock_timeout = '3s'
AS $$
DECLARE
    _name text;
    _count int := 0;
BEGIN
    FOR _name IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'glimpq.step'::regclass AND c.relname ~ '^step_\d{8}$'
            AND to_date(substr(c.relname, 6), 'YYYYMMDD') < _before
        ORDER BY 1
    LOOP
        EXECUTE format('DROP TABLE glimpq.%I', _name);
        _count := _count + 1;
    END LOOP;
    RETURN _count;
END
$$;
COMMENT ON FUNCTION glimpq.drop_step_partitions(date) IS 'Drops traces of jobs created before a day; number of partitions dropped.';

SELECT glimpq.create_step_partitions();
