-- Thresholds for a target intervention rate, learnt across jobs. Finished jobs' first-token entropies go into a sketch per
-- pair, small model, template and task; a job that asks for a rate reads its threshold from there at its first start, and
-- keeps it. Nothing of it is on the claim's path.
--
-- The sketch is a histogram whose bins are 1 % wide (bin b holds 1.01^(b-1) < H <= 1.01^b nats): at a bin's upper edge the
-- share of steps above is exact, and the edge is at most 1 % above the exact quantile. Histograms add up, so any number
-- of workers may fill them. Beside the steps each bin keeps what the variance between jobs needs: steps of one job are
-- alike, and an interval that took them for independent would be too narrow.
SET LOCAL ROLE glimpq_owner;

INSERT INTO glimpq.setting (name, value, note) VALUES
    ('calibration_window_steps', 20000, 'a target rate''s threshold comes from the latest hours that hold so many steps'),
    ('calibration_window_days', 30, 'and from none that are older'),
    ('calibration_fewest_jobs', 20, 'with fewer jobs in the window the pair''s own sample decides'),
    ('calibration_fewest_steps', 200, 'likewise with fewer steps'),
    ('calibration_lag_seconds', 5, 'results younger than this are left for the next time, as others may still commit before them');

CREATE TABLE glimpq.calibration_key (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pair            text NOT NULL,
    slm_fingerprint text NOT NULL,
    template        text NOT NULL,
    task            text NOT NULL,
    CONSTRAINT calibration_key_unique UNIQUE (pair, slm_fingerprint, template, task)
);
COMMENT ON TABLE glimpq.calibration_key IS 'What a threshold belongs to: a threshold of one small model, template or kind of problem says nothing about another.';

CREATE TABLE glimpq.calibration_period (
    key_id  bigint NOT NULL,
    hour    timestamptz NOT NULL,
    jobs    bigint NOT NULL,
    steps   bigint NOT NULL,
    squares bigint NOT NULL,
    PRIMARY KEY (key_id, hour)
) WITH (fillfactor = 70);
COMMENT ON TABLE glimpq.calibration_period IS 'Jobs by the hour in which they finished; squares is the sum of their squared numbers of probed steps.';

CREATE TABLE glimpq.calibration_bin (
    key_id   bigint NOT NULL,
    hour     timestamptz NOT NULL,
    bin      int NOT NULL,
    steps    bigint NOT NULL,
    squares  bigint NOT NULL,
    products bigint NOT NULL,
    PRIMARY KEY (key_id, hour, bin)
) WITH (fillfactor = 70);
COMMENT ON TABLE glimpq.calibration_bin IS 'Probed steps by first-token entropy: bin b up to 1.01^b nats.';
COMMENT ON COLUMN glimpq.calibration_bin.squares IS 'Added up over this and all higher bins: the sum over jobs of the squared number of steps there.';
COMMENT ON COLUMN glimpq.calibration_bin.products IS 'Likewise: the sum over jobs of steps there times steps in all.';

CREATE TABLE glimpq.calibration_cursor (
    one         boolean PRIMARY KEY DEFAULT true,
    finished_at timestamptz NOT NULL,
    job_id      bigint NOT NULL,
    CONSTRAINT calibration_cursor_one CHECK (one)
);
INSERT INTO glimpq.calibration_cursor (finished_at, job_id) VALUES (now(), 0);

-- Not a table of its own, so that it goes when the job goes, and no foreign key locks the job's row.
ALTER TABLE glimpq.attempt ADD COLUMN calibration jsonb;
COMMENT ON COLUMN glimpq.attempt.calibration IS 'The threshold that the job got at its first start because it asked for a target rate; see v_job_threshold.';

-- Takes the traces of jobs that finished since the last time into the sketches. Bounded; a result that commits later than
-- calibration_lag_seconds after its time is missed, which costs a sample and no more.
CREATE FUNCTION glimpq.gather_entropies_v1(_limit int DEFAULT 500, OUT jobs int, OUT steps bigint, OUT more boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    _from calibration_cursor;
    _jobs bigint[];
    _finished_at timestamptz;
    _job_id bigint;
    _keys bigint[];
BEGIN
    jobs := 0; steps := 0; more := false;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('glimpq.calibration', 0)) THEN RETURN; END IF;
    SELECT * INTO _from FROM calibration_cursor;
    SELECT array_agg(f.job_id ORDER BY f.finished_at, f.job_id), max(f.finished_at) INTO _jobs, _finished_at
    FROM (
        SELECT r.job_id, r.finished_at FROM result r
        WHERE r.finished_at >= _from.finished_at AND (r.finished_at, r.job_id) > (_from.finished_at, _from.job_id)
            AND r.finished_at < now() - setting('calibration_lag_seconds') * interval '1 second'
        ORDER BY r.finished_at, r.job_id LIMIT _limit) f;
    IF _jobs IS NULL THEN RETURN; END IF;
    jobs := cardinality(_jobs);
    more := jobs = _limit;
    UPDATE calibration_cursor SET finished_at = _finished_at, job_id = _jobs[jobs];

    WITH fresh AS MATERIALIZED (
        SELECT j.id, r.epoch, (j.created_at AT TIME ZONE 'UTC')::date AS day, date_trunc('hour', r.finished_at, 'UTC') AS hour,
            r.pair, coalesce(r.slm_fingerprint, '') AS slm_fingerprint,
            coalesce(j.params ->> 'template', 'model') AS template, coalesce(j.params ->> 'task', '') AS task
        FROM unnest(_jobs) AS n(id) JOIN job j ON j.id = n.id JOIN result r ON r.job_id = n.id
        WHERE r.strategy = 'glimprouter'),
    probed AS MATERIALIZED (
        SELECT f.id, f.hour, f.pair, f.slm_fingerprint, f.template, f.task,
            ceil(ln(greatest(s.h_init, 1e-6)) / ln(1.01::float8))::int AS bin,
            row_number() OVER (PARTITION BY f.id ORDER BY s.h_init DESC, s.seq) AS rank,
            count(*) OVER (PARTITION BY f.id) AS of_job
        FROM fresh f
        JOIN attempt a ON a.job_id = f.id AND a.epoch = f.epoch
        CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
        CROSS JOIN LATERAL (
            -- OFFSET 0 keeps this apart: steps are found by key, whatever the statistics of a fresh partition say.
            SELECT s.h_init, s.seq FROM step s
            WHERE s.job_id = f.id AND s.day = f.day AND s.epoch = c.epoch AND s.seq >= c.first
                AND (c.next IS NULL OR s.seq < c.next)
                AND s.kind = 'thinking' AND s.h_init IS NOT NULL AND s.rule <> 'continuation'
            OFFSET 0) s),
    known AS (
        INSERT INTO calibration_key (pair, slm_fingerprint, template, task)
        SELECT DISTINCT p.pair, p.slm_fingerprint, p.template, p.task FROM probed p
        ON CONFLICT (pair, slm_fingerprint, template, task) DO UPDATE SET task = excluded.task
        RETURNING id, pair, slm_fingerprint, template, task),
    hours AS (
        INSERT INTO calibration_period AS c (key_id, hour, jobs, steps, squares)
        SELECT k.id, p.hour, count(*), sum(p.of_job), sum(p.of_job * p.of_job)
        FROM probed p JOIN known k USING (pair, slm_fingerprint, template, task)
        WHERE p.rank = 1
        GROUP BY k.id, p.hour
        ON CONFLICT (key_id, hour) DO UPDATE SET jobs = c.jobs + excluded.jobs, steps = c.steps + excluded.steps,
            squares = c.squares + excluded.squares
        RETURNING key_id),
    bins AS (
        INSERT INTO calibration_bin AS c (key_id, hour, bin, steps, squares, products)
        SELECT k.id, p.hour, p.bin, count(*), sum(2 * p.rank - 1), sum(p.of_job)
        FROM probed p JOIN known k USING (pair, slm_fingerprint, template, task)
        GROUP BY k.id, p.hour, p.bin
        ON CONFLICT (key_id, hour, bin) DO UPDATE SET steps = c.steps + excluded.steps,
            squares = c.squares + excluded.squares, products = c.products + excluded.products)
    SELECT (SELECT count(*) FROM probed), (SELECT array_agg(DISTINCT key_id) FROM hours) INTO steps, _keys;

    -- What no window reaches any more.
    WITH gone AS (
        DELETE FROM calibration_period p
        WHERE p.key_id = ANY (_keys) AND p.hour < (SELECT min(w.hour) FROM calibration_window(p.key_id) w)
        RETURNING p.key_id, p.hour)
    DELETE FROM calibration_bin b USING gone g WHERE b.key_id = g.key_id AND b.hour = g.hour;
END
$$;
COMMENT ON FUNCTION glimpq.gather_entropies_v1 IS 'Takes the first-token entropies of up to _limit newly finished jobs into the sketches that target rates read; more says that there may be more at once.';

-- The latest hours that hold enough steps.
CREATE FUNCTION glimpq.calibration_window(_key bigint) RETURNS SETOF glimpq.calibration_period
LANGUAGE sql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT p.key_id, p.hour, p.jobs, p.steps, p.squares
    FROM (
        SELECT c.*, sum(c.steps) OVER (ORDER BY c.hour DESC) - c.steps AS later FROM calibration_period c
        WHERE c.key_id = _key AND c.hour > now() - setting('calibration_window_days') * interval '1 day') p
    WHERE p.later < setting('calibration_window_steps')
$$;

-- The threshold above which a share of at most _rate of the window's steps lies, and how sure that is: the interval of
-- the threshold by order statistics (normal ranks), that of the share by Wilson, both for as many independent steps as
-- the steps of so many jobs are worth (Kish's design effect, at least 1).
CREATE FUNCTION glimpq.calibrated_threshold(_key bigint, _rate float8)
RETURNS TABLE (
    tau float8, share float8, jobs bigint, steps bigint, design_effect float8, tau_low float8, tau_high float8,
    share_low float8, share_high float8, oldest timestamptz, newest timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH hours AS MATERIALIZED (SELECT * FROM calibration_window(_key)),
    total AS (
        SELECT sum(h.jobs)::float8 AS jobs, sum(h.steps)::float8 AS steps, sum(h.squares)::float8 AS squares,
            min(h.hour) AS oldest, max(h.hour) AS newest
        FROM hours h),
    above AS MATERIALIZED (
        SELECT b.bin, coalesce(sum(sum(b.steps)) OVER higher, 0)::float8 AS steps,
            coalesce(sum(sum(b.squares)) OVER higher, 0)::float8 AS squares,
            coalesce(sum(sum(b.products)) OVER higher, 0)::float8 AS products
        FROM calibration_bin b JOIN hours h ON h.key_id = b.key_id AND h.hour = b.hour
        GROUP BY b.bin
        WINDOW higher AS (ORDER BY b.bin DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),
    chosen AS (
        SELECT a.bin, a.steps / t.steps AS share, t.*,
            a.squares - 2 * (a.steps / t.steps) * a.products + (a.steps / t.steps) ^ 2 * t.squares AS spread
        FROM total t JOIN LATERAL (
            SELECT * FROM above a WHERE a.steps <= _rate * t.steps ORDER BY a.bin LIMIT 1) a ON true),
    effect AS (
        SELECT c.*, CASE WHEN c.jobs > 1 AND c.share > 0 AND c.share < 1
            THEN greatest(1, c.jobs / (c.jobs - 1) * c.spread / c.steps / (c.share * (1 - c.share)))
            ELSE c.steps / c.jobs END AS design_effect
        FROM chosen c),
    half AS (SELECT e.*, 1.959964 * sqrt(_rate * (1 - _rate) * e.design_effect / e.steps) AS half FROM effect e)
    SELECT 1.01 ^ h.bin, h.share, h.jobs::bigint, h.steps::bigint, h.design_effect,
        (SELECT 1.01 ^ min(a.bin) FROM above a WHERE a.steps <= (_rate + h.half) * h.steps),
        (SELECT 1.01 ^ min(a.bin) FROM above a WHERE a.steps <= greatest(0, _rate - h.half) * h.steps),
        w.low, w.high, h.oldest, h.newest
    FROM half h
    CROSS JOIN LATERAL wilson((h.share * h.steps / h.design_effect)::bigint, (h.steps / h.design_effect)::bigint) AS w(low, high)
$$;
COMMENT ON FUNCTION glimpq.calibrated_threshold IS 'The threshold (nats) for a target intervention rate from the sketch of a key of calibration_key, with 95 % intervals of threshold and share.';

-- The threshold of a job that asks for a rate: at its first start from the sketch, later the same again.
CREATE FUNCTION glimpq.pin_threshold_v1(
    _job bigint, _epoch bigint, _pair text, _slm_fingerprint text, _template text, _task text, _rate float8,
    _has_steps boolean)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _pinned jsonb;
BEGIN
    SELECT a.calibration INTO _pinned FROM attempt a
    WHERE a.job_id = _job AND a.calibration IS NOT NULL ORDER BY a.epoch LIMIT 1;
    -- Steps without a threshold to go on with: a worker of an earlier release began, and the job goes on as it began.
    IF _pinned IS NOT NULL OR _has_steps THEN RETURN _pinned; END IF;

    SELECT to_jsonb(t) || jsonb_build_object('key', k.id) INTO _pinned
    FROM calibration_key k CROSS JOIN LATERAL calibrated_threshold(k.id, _rate) t
    WHERE k.pair = _pair AND k.slm_fingerprint = _slm_fingerprint AND k.template = _template AND k.task = _task
        AND t.jobs >= setting('calibration_fewest_jobs') AND t.steps >= setting('calibration_fewest_steps');
    _pinned := coalesce(_pinned, '{}') || jsonb_build_object('target_rate', _rate);
    UPDATE attempt a SET calibration = _pinned WHERE a.job_id = _job AND a.epoch = _epoch AND a.outcome IS NULL;
    RETURN _pinned;
END
$$;
COMMENT ON FUNCTION glimpq.pin_threshold_v1 IS 'The threshold that a job of a target rate goes by, with its sample and intervals; written down at the job''s first start. Without tau: too little is known, the pair''s own sample decides. NULL: the job began without.';

CREATE VIEW glimpq.v_job_threshold AS
SELECT a.job_id, a.epoch, b.name AS batch, (a.calibration ->> 'target_rate')::float8 AS target_rate,
    (a.calibration ->> 'tau')::float8 AS tau, (a.calibration ->> 'tau_low')::float8 AS tau_low,
    (a.calibration ->> 'tau_high')::float8 AS tau_high, (a.calibration ->> 'jobs')::bigint AS jobs,
    (a.calibration ->> 'steps')::bigint AS steps, (a.calibration ->> 'share')::float8 AS expected_share,
    (a.calibration ->> 'share_low')::float8 AS share_low, (a.calibration ->> 'share_high')::float8 AS share_high,
    CASE WHEN r.steps > 0 THEN r.llm_steps::float8 / r.steps END AS share, (a.calibration ->> 'key')::bigint AS key_id
FROM glimpq.attempt a
JOIN glimpq.job j ON j.id = a.job_id
LEFT JOIN glimpq.batch b ON b.id = j.batch_id
LEFT JOIN glimpq.result r ON r.job_id = a.job_id
WHERE a.calibration IS NOT NULL;
COMMENT ON VIEW glimpq.v_job_threshold IS 'The threshold that each job of a target rate was given, from how many jobs and steps, with 95 % intervals, and the share of steps that the large model wrote in the end.';

CREATE VIEW glimpq.v_calibration AS
SELECT k.id AS key_id, k.pair, k.slm_fingerprint, k.template, k.task, r.rate AS target_rate, t.tau, t.tau_low, t.tau_high,
    t.share, t.share_low, t.share_high, t.jobs, t.steps, t.design_effect,
    t.jobs >= glimpq.setting('calibration_fewest_jobs') AND t.steps >= glimpq.setting('calibration_fewest_steps')
        AS in_force,
    t.oldest, t.newest
FROM glimpq.calibration_key k
CROSS JOIN (VALUES (0.1::float8), (0.2), (0.25), (0.3), (0.5)) AS r(rate)
CROSS JOIN LATERAL glimpq.calibrated_threshold(k.id, r.rate) t;
COMMENT ON VIEW glimpq.v_calibration IS 'What a job with a target intervention rate would be given now, for some rates: threshold in nats and expected share with 95 % intervals, from the jobs of the window. Entropies were measured while other thresholds were in force: steps behind the large model''s depend on it.';

REVOKE ALL ON FUNCTION
    glimpq.gather_entropies_v1(int), glimpq.calibration_window(bigint), glimpq.calibrated_threshold(bigint, float8),
    glimpq.pin_threshold_v1(bigint, bigint, text, text, text, text, float8, boolean)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    glimpq.gather_entropies_v1(int),
    glimpq.pin_threshold_v1(bigint, bigint, text, text, text, text, float8, boolean)
TO glimpq_worker, glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.calibration_window(bigint), glimpq.calibrated_threshold(bigint, float8)
TO glimpq_analyst, glimpq_admin;
GRANT SELECT ON glimpq.calibration_key, glimpq.calibration_period, glimpq.calibration_bin, glimpq.calibration_cursor,
    glimpq.v_calibration, glimpq.v_job_threshold
TO glimpq_analyst, glimpq_admin;
