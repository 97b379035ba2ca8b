-- Traces of evaluations are read in an order that does not depend on what the planner knows: the tables may be new to
-- it, and then it read all steps for every job.
SET LOCAL ROLE glimpq_owner;

CREATE OR REPLACE FUNCTION glimpq.evaluation_accounts_v1(_evaluation bigint)
RETURNS TABLE (
    cell int, drafted bigint, accepted bigint, reviews bigint, review_prefill bigint, review_decoded bigint,
    review_prefill_compute float8, review_decode_compute float8, trials bigint, exits bigint, slm_trial bigint,
    llm_trial bigint, rollbacks bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    -- Read in the order in which it stands here, by key.
    WITH task AS MATERIALIZED (
        SELECT v.cell, v.job_id, (j.created_at AT TIME ZONE 'UTC')::date AS day
        FROM v_evaluation_job v JOIN job j ON j.id = v.job_id
        WHERE v.evaluation_id = _evaluation AND v.purpose = 'measurement' AND v.state = 'done')
    SELECT t.cell, coalesce(sum((s.extra #>> '{drafting,drafted}')::bigint), 0)::bigint,
        coalesce(sum((s.extra #>> '{drafting,accepted}')::bigint), 0)::bigint, count(s.extra -> 'review'),
        coalesce(sum(w.prefill), 0)::bigint, coalesce(sum(w.decoded), 0)::bigint,
        coalesce(sum(w.prefill * w.parameters), 0), coalesce(sum(w.decoded * w.parameters), 0),
        count(s.extra -> 'trial'), count(*) FILTER (WHERE (s.extra #>> '{trial,exits}')::boolean),
        coalesce(sum((s.extra #>> '{cost,slm_trial,decoded_tokens}')::bigint), 0)::bigint,
        coalesce(sum((s.extra #>> '{cost,llm_trial,decoded_tokens}')::bigint), 0)::bigint,
        count(s.extra -> 'rollback')
    FROM task t
    CROSS JOIN LATERAL (SELECT r.epoch FROM result r WHERE r.job_id = t.job_id OFFSET 0) r
    CROSS JOIN LATERAL (
        SELECT a.chain_epochs, a.chain_starts FROM attempt a WHERE a.job_id = t.job_id AND a.epoch = r.epoch
        OFFSET 0) a
    CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
    CROSS JOIN LATERAL (
        SELECT s.* FROM step s
        WHERE s.job_id = t.job_id AND s.day = t.day AND s.epoch = c.epoch AND s.seq >= c.first
            AND (c.next IS NULL OR s.seq < c.next) AND s.extra IS NOT NULL
        OFFSET 0) s
    CROSS JOIN LATERAL (
        SELECT (s.extra #>> '{cost,review,prefill_tokens}')::bigint AS prefill,
            (s.extra #>> '{cost,review,decoded_tokens}')::bigint AS decoded,
            (s.extra #>> '{review,parameters}')::float8 AS parameters) w
    GROUP BY t.cell
$$;

CREATE OR REPLACE FUNCTION glimpq.evaluation_steps_v1(_evaluation bigint, _variant text, _dataset text)
RETURNS TABLE (
    problem int, seed bigint, seq int, owner text, kind text, rule text, h_init float8, mean_entropy float8,
    mean_logprob float8, text text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    -- Read in the order in which it stands here, by key.
    WITH task AS MATERIALIZED (
        SELECT v.problem, v.seed, v.job_id, (j.created_at AT TIME ZONE 'UTC')::date AS day
        FROM v_evaluation_job v JOIN job j ON j.id = v.job_id
        WHERE v.evaluation_id = _evaluation AND v.variant = _variant AND v.dataset = _dataset
            AND v.purpose = 'measurement' AND v.state = 'done')
    SELECT t.problem, t.seed, s.seq, s.owner, s.kind, s.rule, s.h_init, s.mean_entropy, s.mean_logprob, s.text
    FROM task t
    CROSS JOIN LATERAL (SELECT r.epoch FROM result r WHERE r.job_id = t.job_id OFFSET 0) r
    CROSS JOIN LATERAL (
        SELECT a.chain_epochs, a.chain_starts FROM attempt a WHERE a.job_id = t.job_id AND a.epoch = r.epoch
        OFFSET 0) a
    CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
    CROSS JOIN LATERAL (
        SELECT s.* FROM step s
        WHERE s.job_id = t.job_id AND s.day = t.day AND s.epoch = c.epoch AND s.seq >= c.first
            AND (c.next IS NULL OR s.seq < c.next)
        OFFSET 0) s
    ORDER BY t.problem, t.seed, s.seq
$$;
