-- Views for analysts: what routing buys, what it costs, what another threshold would have done.
SET LOCAL ROLE glimpq_owner;

-- E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927); z = 1.959964 for 95 %.
CREATE FUNCTION glimpq.wilson(_hits bigint, _trials bigint, OUT low float8, OUT high float8)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT greatest(0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)),
        least(1, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n))
    FROM (SELECT _hits::float8 / nullif(_trials, 0) AS p, nullif(_trials, 0)::float8 AS n, 1.959964::float8 AS z) v
    WHERE n IS NOT NULL
$$;
COMMENT ON FUNCTION glimpq.wilson IS 'The 95 % score interval of a proportion; NULLs without trials.';

-- Compute is counted in parameters times tokens that went through a model: a forward pass costs about twice that in
-- floating-point operations, whichever model it is.
CREATE VIEW glimpq.v_compute AS
SELECT r.job_id, j.batch_id, r.strategy, r.strategy_params, r.pair, r.correct, r.steps, r.llm_steps, r.slm_tokens,
    r.llm_tokens, r.probe_tokens, r.slm_discarded_tokens + r.llm_discarded_tokens AS discarded_tokens, r.active_ns,
    r.queue_wait_ms, r.first_claimed_at, r.finished_at,
    (r.slm_tokens + r.slm_discarded_tokens + r.probe_tokens)::float8 * coalesce(r.slm_parameters, 0)
        + (r.llm_tokens + r.llm_discarded_tokens)::float8 * coalesce(r.llm_parameters, 0) AS decode_compute,
    r.slm_prefill_tokens::float8 * coalesce(r.slm_parameters, 0)
        + r.llm_prefill_tokens::float8 * coalesce(r.llm_parameters, 0) AS prefill_compute
FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id;
COMMENT ON VIEW glimpq.v_compute IS 'Compute of each result in parameters × tokens: decode_compute for generated, discarded and probe tokens, prefill_compute for context.';

CREATE FUNCTION glimpq.strategy_report(_batches text[] DEFAULT NULL)
RETURNS TABLE (
    strategy text, strategy_params jsonb, pair text, jobs bigint, graded bigint, correct bigint, accuracy float8,
    accuracy_low float8, accuracy_high float8, steps bigint, llm_steps bigint, llm_step_share float8,
    slm_tokens bigint, llm_tokens bigint, llm_token_share float8, probe_tokens bigint, discarded_tokens bigint,
    active_seconds float8, compute_per_job float8, compute_relative_to_llm float8, prefill_compute_per_job float8,
    total_compute_relative_to_llm float8, wall_seconds float8, problems_per_minute float8)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH grouped AS (
        SELECT c.strategy, c.strategy_params, c.pair, count(*) AS jobs, count(c.correct) AS graded,
            count(*) FILTER (WHERE c.correct) AS correct, sum(c.steps) AS steps, sum(c.llm_steps) AS llm_steps,
            sum(c.slm_tokens) AS slm_tokens, sum(c.llm_tokens) AS llm_tokens, sum(c.probe_tokens) AS probe_tokens,
            sum(c.discarded_tokens) AS discarded_tokens, sum(c.active_ns) / 1e9 AS active_seconds,
            avg(c.decode_compute) AS compute, avg(c.prefill_compute) AS prefill,
            extract(epoch FROM max(c.finished_at) - min(c.first_claimed_at))::float8 AS wall
        FROM v_compute c
        WHERE _batches IS NULL OR c.batch_id IN (SELECT b.id FROM batch b WHERE b.name = ANY (_batches))
        GROUP BY c.strategy, c.strategy_params, c.pair),
    yardstick AS (
        -- The strategy llm of the same pair; of several variants the one with most jobs.
        SELECT DISTINCT ON (pair) pair, compute, compute + prefill AS total FROM grouped
        WHERE strategy = 'llm' ORDER BY pair, jobs DESC)
    SELECT g.strategy, g.strategy_params, g.pair, g.jobs, g.graded, g.correct, g.correct::float8 / nullif(g.graded, 0),
        w.low, w.high, g.steps, g.llm_steps, g.llm_steps::float8 / nullif(g.steps, 0), g.slm_tokens, g.llm_tokens,
        g.llm_tokens::float8 / nullif(g.slm_tokens + g.llm_tokens, 0), g.probe_tokens, g.discarded_tokens,
        g.active_seconds::float8, g.compute, g.compute / nullif(y.compute, 0), g.prefill,
        (g.compute + g.prefill) / nullif(y.total, 0), g.wall, g.jobs * 60 / nullif(g.wall, 0)
    FROM grouped g
    LEFT JOIN yardstick y ON y.pair = g.pair
    LEFT JOIN LATERAL wilson(g.correct, g.graded) w ON true
    ORDER BY g.pair, g.strategy, g.strategy_params
$$;
COMMENT ON FUNCTION glimpq.strategy_report IS 'Accuracy with its 95 % interval, share of the large model, compute relative to the strategy llm and pace, by strategy and its parameters, over some batches together (NULL: all).';

CREATE VIEW glimpq.v_strategy AS
SELECT b.name AS batch, r.* FROM glimpq.batch b CROSS JOIN LATERAL glimpq.strategy_report(ARRAY[b.name]) r;
COMMENT ON VIEW glimpq.v_strategy IS 'strategy_report batch by batch; relative compute is NULL where the batch has no results of the strategy llm.';

CREATE VIEW glimpq.v_cost AS
SELECT day, tenant, strategy, pair, sum(jobs)::bigint AS jobs, sum(prompt_tokens)::bigint AS prompt_tokens,
    sum(slm_tokens)::bigint AS slm_tokens, sum(llm_tokens)::bigint AS llm_tokens,
    sum(probe_tokens)::bigint AS probe_tokens, sum(discarded_tokens)::bigint AS discarded_tokens,
    sum(prefill_tokens)::bigint AS prefill_tokens, sum(wasted_tokens)::bigint AS wasted_tokens,
    (sum(active_ns) / 1e9)::float8 AS active_seconds
FROM (
    SELECT (r.finished_at AT TIME ZONE 'UTC')::date AS day, j.tenant, r.strategy, r.pair, 1 AS jobs, r.prompt_tokens,
        r.slm_tokens, r.llm_tokens, r.probe_tokens, r.slm_discarded_tokens + r.llm_discarded_tokens AS discarded_tokens,
        r.slm_prefill_tokens + r.llm_prefill_tokens AS prefill_tokens, 0 AS wasted_tokens, r.active_ns
    FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id
    UNION ALL
    SELECT (a.ended_at AT TIME ZONE 'UTC')::date, j.tenant, j.strategy, j.pair, 0, 0, 0, 0, 0, 0, 0, a.tokens, 0
    FROM glimpq.attempt a JOIN glimpq.job j ON j.id = a.job_id WHERE a.outcome <> 'done' AND a.tokens > 0) c
GROUP BY day, tenant, strategy, pair;
COMMENT ON VIEW glimpq.v_cost IS 'Tokens and model time per day (UTC), tenant, strategy and pair; wasted_tokens are those of attempts without a result (steps that a later attempt took over count there too).';

CREATE VIEW glimpq.v_entropy_histogram AS
SELECT b.name AS batch, j.strategy, floor(s.h_init * 10) / 10 AS h_from, floor(s.h_init * 10) / 10 + 0.1 AS h_to,
    count(*) AS steps, count(*) FILTER (WHERE s.owner = 'llm') AS llm_steps
FROM glimpq.v_trace s
JOIN glimpq.job j ON j.id = s.job_id
LEFT JOIN glimpq.batch b ON b.id = j.batch_id
WHERE s.kind = 'thinking' AND s.h_init IS NOT NULL
GROUP BY b.name, j.strategy, floor(s.h_init * 10) / 10;
COMMENT ON VIEW glimpq.v_entropy_histogram IS 'First-token entropy of probed steps in bins of 0.1 nats.';

CREATE FUNCTION glimpq.what_if(_batch text, _tau float8)
RETURNS TABLE (
    strategy text, probed_steps bigint, llm_steps bigint, llm_share float8, llm_steps_then bigint,
    llm_share_then float8)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT j.strategy, count(*), count(*) FILTER (WHERE s.owner = 'llm'),
        count(*) FILTER (WHERE s.owner = 'llm')::float8 / count(*), count(*) FILTER (WHERE s.h_init > _tau),
        count(*) FILTER (WHERE s.h_init > _tau)::float8 / count(*)
    FROM v_trace s
    JOIN job j ON j.id = s.job_id
    WHERE s.kind = 'thinking' AND s.h_init IS NOT NULL
        AND (_batch IS NULL OR j.batch_id = (SELECT b.id FROM batch b WHERE b.name = _batch))
    GROUP BY j.strategy
    ORDER BY j.strategy
$$;
COMMENT ON FUNCTION glimpq.what_if IS 'How many probed steps of a batch''s traces another threshold would have given to the large model (entropy above tau). The steps themselves would have come out differently: an estimate.';

REVOKE ALL ON FUNCTION glimpq.wilson(bigint, bigint), glimpq.strategy_report(text[]), glimpq.what_if(text, float8)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION glimpq.wilson(bigint, bigint), glimpq.strategy_report(text[]), glimpq.what_if(text, float8)
TO glimpq_producer, glimpq_analyst, glimpq_admin;
GRANT SELECT ON glimpq.v_compute, glimpq.v_strategy, glimpq.v_cost, glimpq.v_entropy_histogram
TO glimpq_producer, glimpq_analyst, glimpq_admin;
