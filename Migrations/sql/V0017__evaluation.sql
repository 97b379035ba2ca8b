-- Evaluations: which variant of which strategy solves which problem, and where its result is. The jobs of all
-- evaluations are in one batch, each under a key that is a hash of everything its result depends on, so that no
-- evaluation computes what another one has.
SET LOCAL ROLE glimpq_owner;

CREATE TABLE glimpq.evaluation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id   bigint NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    created_by name NOT NULL DEFAULT session_user,
    name       text NOT NULL,
    facts      jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT evaluation_name_unique UNIQUE (name),
    CONSTRAINT evaluation_name_size CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT evaluation_facts_object CHECK (jsonb_typeof(facts) = 'object')
);
COMMENT ON TABLE glimpq.evaluation IS 'One row per evaluation, by name; the latest run of `glimpq evaluate` under that name.';

CREATE TABLE glimpq.evaluation_cell (
    evaluation_id bigint NOT NULL,
    cell          int NOT NULL,
    in_flight     int NOT NULL,
    purpose       text NOT NULL,
    variant       text NOT NULL,
    dataset       text NOT NULL,
    strategy      text NOT NULL,
    params        jsonb NOT NULL,
    PRIMARY KEY (evaluation_id, cell),
    CONSTRAINT evaluation_cell_purpose_known CHECK (purpose IN ('measurement', 'timing', 'calibration')),
    CONSTRAINT evaluation_cell_in_flight_positive CHECK (in_flight > 0),
    CONSTRAINT evaluation_cell_params_object CHECK (jsonb_typeof(params) = 'object')
);
COMMENT ON TABLE glimpq.evaluation_cell IS 'A strategy with parameters on a data set, at one number of jobs in flight.';

CREATE TABLE glimpq.evaluation_task (
    evaluation_id bigint NOT NULL,
    cell          int NOT NULL,
    problem       int NOT NULL,
    seed          bigint NOT NULL,
    key           text NOT NULL,
    PRIMARY KEY (evaluation_id, cell, seed, problem)
);
COMMENT ON TABLE glimpq.evaluation_task IS 'A problem of a data set under one seed; key is the custom_id of its job.';

CREATE FUNCTION glimpq.evaluation_begin_v1(_name text, _facts jsonb, OUT evaluation bigint, OUT batch bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
BEGIN
    batch := ensure_batch('evaluation');
    INSERT INTO evaluation AS e (name, batch_id, facts) VALUES (_name, evaluation_begin_v1.batch, _facts)
    ON CONFLICT (name) DO UPDATE SET facts = excluded.facts, started_at = now(), batch_id = excluded.batch_id
    RETURNING e.id INTO evaluation;
    DELETE FROM evaluation_task t WHERE t.evaluation_id = evaluation_begin_v1.evaluation;
    DELETE FROM evaluation_cell c WHERE c.evaluation_id = evaluation_begin_v1.evaluation;
END
$$;
COMMENT ON FUNCTION glimpq.evaluation_begin_v1 IS 'Begins an evaluation, in place of the one of the same name; jobs and results stay.';

CREATE FUNCTION glimpq.evaluation_clear_v1(_evaluation bigint, _cells int[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    DELETE FROM evaluation_task t WHERE t.evaluation_id = _evaluation AND t.cell = ANY (_cells);
    DELETE FROM evaluation_cell c WHERE c.evaluation_id = _evaluation AND c.cell = ANY (_cells)
$$;
COMMENT ON FUNCTION glimpq.evaluation_clear_v1 IS 'Takes cells out of an evaluation; jobs and results stay.';

CREATE VIEW glimpq.v_evaluation_job AS
SELECT e.id AS evaluation_id, e.name AS evaluation, c.cell, c.purpose, c.variant, c.dataset, c.strategy, c.params,
    c.in_flight, t.problem, t.seed, t.key, j.id AS job_id, j.state, j.last_error_class
FROM glimpq.evaluation e
JOIN glimpq.evaluation_cell c ON c.evaluation_id = e.id
JOIN glimpq.evaluation_task t ON t.evaluation_id = c.evaluation_id AND t.cell = c.cell
LEFT JOIN glimpq.job j ON j.batch_id = e.batch_id AND j.custom_id = t.key;
COMMENT ON VIEW glimpq.v_evaluation_job IS 'The tasks of evaluations with their jobs; job_id is NULL where there is none yet.';

CREATE VIEW glimpq.v_evaluation_result AS
SELECT v.evaluation, v.cell, v.purpose, v.variant, v.dataset, v.in_flight, v.problem, v.seed, r.*,
    v.evaluation_id
FROM glimpq.v_evaluation_job v JOIN glimpq.result r ON r.job_id = v.job_id;
COMMENT ON VIEW glimpq.v_evaluation_result IS 'The results of evaluations, by variant, data set, problem and seed.';

CREATE VIEW glimpq.v_evaluation_step AS
SELECT v.evaluation_id, v.evaluation, v.cell, v.purpose, v.variant, v.dataset, v.in_flight, v.problem, v.seed, s.*
FROM glimpq.v_evaluation_job v
JOIN glimpq.job j ON j.id = v.job_id
JOIN glimpq.result r ON r.job_id = v.job_id
JOIN glimpq.attempt a ON a.job_id = r.job_id AND a.epoch = r.epoch
CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
CROSS JOIN LATERAL (
    -- OFFSET 0 keeps this apart: the steps of a job are found by key. Freshly written partitions have no statistics, and
    -- the planner would else read all of them for every job.
    SELECT s.* FROM glimpq.step s
    WHERE s.job_id = v.job_id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date AND s.epoch = c.epoch
        AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next)
    OFFSET 0) s;
COMMENT ON VIEW glimpq.v_evaluation_step IS 'The steps behind the results of evaluations, by variant, data set, problem and seed.';

CREATE FUNCTION glimpq.evaluation_missing_v1(_evaluation bigint, _cells int[])
RETURNS TABLE (cell int, problem int, seed bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT v.cell, v.problem, v.seed FROM v_evaluation_job v
    WHERE v.evaluation_id = _evaluation AND v.cell = ANY (_cells) AND v.job_id IS NULL
    ORDER BY v.cell, v.seed, v.problem
$$;
COMMENT ON FUNCTION glimpq.evaluation_missing_v1 IS 'Tasks without a job.';

CREATE FUNCTION glimpq.evaluation_states_v1(_evaluation bigint)
RETURNS TABLE (cell int, tasks bigint, done bigint, open bigint, ended_badly bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT v.cell, count(*), count(*) FILTER (WHERE v.state = 'done'),
        count(*) FILTER (WHERE v.state IN ('held', 'delayed', 'ready', 'running')),
        count(*) FILTER (WHERE v.state IN ('failed', 'cancelled', 'quarantined'))
    FROM v_evaluation_job v WHERE v.evaluation_id = _evaluation GROUP BY v.cell ORDER BY v.cell
$$;
COMMENT ON FUNCTION glimpq.evaluation_states_v1 IS 'How many tasks of each cell have a result, wait for one, or ended without.';

CREATE FUNCTION glimpq.evaluation_faults_v1(_evaluation bigint)
RETURNS TABLE (variant text, dataset text, error_class text, message text, jobs bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT v.variant, v.dataset, coalesce(v.last_error_class, v.state), left(a.error_message, 300), count(*)
    FROM v_evaluation_job v
    LEFT JOIN LATERAL (
        SELECT a.error_message FROM attempt a
        WHERE a.job_id = v.job_id AND a.error_class IS NOT NULL ORDER BY a.epoch DESC LIMIT 1) a ON true
    WHERE v.evaluation_id = _evaluation AND v.state IN ('failed', 'cancelled', 'quarantined')
    GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2 LIMIT 20
$$;
COMMENT ON FUNCTION glimpq.evaluation_faults_v1 IS 'Why tasks ended without a result, the most frequent first.';

CREATE FUNCTION glimpq.evaluation_retry_v1(_evaluation bigint, _cells int[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT count(*) FILTER (WHERE retry(v.job_id, true)) FROM (
        SELECT DISTINCT v.job_id FROM v_evaluation_job v
        WHERE v.evaluation_id = _evaluation AND v.cell = ANY (_cells)
            AND v.state IN ('failed', 'cancelled', 'quarantined')) v
$$;
COMMENT ON FUNCTION glimpq.evaluation_retry_v1 IS 'Puts jobs back that ended without a result; how many.';

CREATE FUNCTION glimpq.evaluation_forget_v1(_evaluation bigint, _cells int[]) RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH ended AS (
        SELECT DISTINCT v.job_id FROM v_evaluation_job v
        WHERE v.evaluation_id = _evaluation AND v.cell = ANY (_cells)
            AND v.state IN ('done', 'failed', 'cancelled', 'quarantined')),
    renamed AS (
        UPDATE job j SET custom_id = j.custom_id || '@' || j.id FROM ended e WHERE j.id = e.job_id RETURNING 1)
    SELECT count(*) FROM renamed
$$;
COMMENT ON FUNCTION glimpq.evaluation_forget_v1 IS 'Takes finished jobs of cells out of the cache, so that they are computed anew; the old ones stay under key@number.';

CREATE FUNCTION glimpq.evaluation_figures_v1(_evaluation bigint)
RETURNS TABLE (
    cell int, purpose text, variant text, dataset text, strategy text, params jsonb, in_flight int, tasks bigint,
    results bigint, graded bigint, correct bigint, steps bigint, llm_steps bigint, slm_tokens bigint, llm_tokens bigint,
    slm_discarded bigint, llm_discarded bigint, probes bigint, slm_prefill bigint, llm_prefill bigint,
    slm_parameters bigint, llm_parameters bigint, active_ns bigint[], wall_seconds float8, workers bigint,
    stops jsonb, finishes jsonb, first_claimed_at timestamptz, last_finished_at timestamptz, hosts text[],
    versions text[], models text[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    WITH task AS MATERIALIZED (
        SELECT v.cell, v.job_id FROM v_evaluation_job v WHERE v.evaluation_id = _evaluation),
    one AS MATERIALIZED (
        SELECT t.cell AS in_cell, r.*, a.worker_id, a.started_at
        FROM task t JOIN result r ON r.job_id = t.job_id
        JOIN attempt a ON a.job_id = r.job_id AND a.epoch = r.epoch),
    sums AS (
        SELECT o.in_cell, count(*) AS results, count(o.correct) AS graded, count(*) FILTER (WHERE o.correct) AS correct,
            sum(o.steps)::bigint AS steps, sum(o.llm_steps)::bigint AS llm_steps,
            sum(o.slm_tokens)::bigint AS slm_tokens, sum(o.llm_tokens)::bigint AS llm_tokens,
            sum(o.slm_discarded_tokens)::bigint AS slm_discarded, sum(o.llm_discarded_tokens)::bigint AS llm_discarded,
            sum(o.probe_tokens)::bigint AS probes, sum(o.slm_prefill_tokens)::bigint AS slm_prefill,
            sum(o.llm_prefill_tokens)::bigint AS llm_prefill, max(o.slm_parameters) AS slm_parameters,
            max(o.llm_parameters) AS llm_parameters, array_agg(o.active_ns ORDER BY o.active_ns) AS active_ns,
            min(o.first_claimed_at) AS first_claimed_at, max(o.finished_at) AS last_finished_at,
            array_agg(DISTINCT o.engine_version) AS versions,
            array_agg(DISTINCT format('%s %s, %s %s', o.slm_model, o.slm_fingerprint, o.llm_model, o.llm_fingerprint))
                AS models
        FROM one o GROUP BY o.in_cell),
    -- Each worker process has its own time, so that interruptions between two of them do not count.
    spans AS (
        SELECT s.in_cell, sum(s.span) AS wall, count(*) AS workers, array_agg(DISTINCT s.host) AS hosts
        FROM (
            SELECT o.in_cell, o.worker_id, w.host,
                extract(epoch FROM max(o.finished_at) - min(o.started_at))::float8 AS span
            FROM one o LEFT JOIN worker w ON w.id = o.worker_id GROUP BY o.in_cell, o.worker_id, w.host) s
        GROUP BY s.in_cell),
    stops AS (
        SELECT s.in_cell, jsonb_object_agg(s.stop, s.jobs) AS stops FROM (
            SELECT o.in_cell, coalesce(o.thinking_stop, 'unknown') AS stop, count(*) AS jobs
            FROM one o GROUP BY 1, 2) s GROUP BY s.in_cell),
    finishes AS (
        SELECT f.in_cell, jsonb_object_agg(f.finish, f.jobs) AS finishes FROM (
            SELECT o.in_cell, o.finish_reason AS finish, count(*) AS jobs FROM one o GROUP BY 1, 2) f
        GROUP BY f.in_cell)
    SELECT c.cell, c.purpose, c.variant, c.dataset, c.strategy, c.params, c.in_flight,
        (SELECT count(*) FROM task t WHERE t.cell = c.cell), coalesce(s.results, 0), coalesce(s.graded, 0),
        coalesce(s.correct, 0), coalesce(s.steps, 0), coalesce(s.llm_steps, 0), coalesce(s.slm_tokens, 0),
        coalesce(s.llm_tokens, 0), coalesce(s.slm_discarded, 0), coalesce(s.llm_discarded, 0), coalesce(s.probes, 0),
        coalesce(s.slm_prefill, 0), coalesce(s.llm_prefill, 0), coalesce(s.slm_parameters, 0),
        coalesce(s.llm_parameters, 0), coalesce(s.active_ns, '{}'), coalesce(p.wall, 0), coalesce(p.workers, 0),
        coalesce(t.stops, '{}'), coalesce(f.finishes, '{}'), s.first_claimed_at, s.last_finished_at,
        coalesce(p.hosts, '{}'), coalesce(s.versions, '{}'), coalesce(s.models, '{}')
    FROM evaluation_cell c
    LEFT JOIN sums s ON s.in_cell = c.cell
    LEFT JOIN spans p ON p.in_cell = c.cell
    LEFT JOIN stops t ON t.in_cell = c.cell
    LEFT JOIN finishes f ON f.in_cell = c.cell
    WHERE c.evaluation_id = _evaluation
    ORDER BY c.cell
$$;
COMMENT ON FUNCTION glimpq.evaluation_figures_v1 IS 'What each cell of an evaluation achieved and cost. wall_seconds adds up the times of the worker processes, from first claim to last result each.';

CREATE FUNCTION glimpq.evaluation_accounts_v1(_evaluation bigint)
RETURNS TABLE (
    cell int, drafted bigint, accepted bigint, reviews bigint, review_prefill bigint, review_decoded bigint,
    review_prefill_compute float8, review_decode_compute float8, trials bigint, exits bigint, slm_trial bigint,
    llm_trial bigint, rollbacks bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off  -- the tables may be new to the planner
AS $$
    SELECT s.cell, coalesce(sum((s.extra #>> '{drafting,drafted}')::bigint), 0)::bigint,
        coalesce(sum((s.extra #>> '{drafting,accepted}')::bigint), 0)::bigint, count(s.extra -> 'review'),
        coalesce(sum(c.prefill), 0)::bigint, coalesce(sum(c.decoded), 0)::bigint,
        coalesce(sum(c.prefill * c.parameters), 0), coalesce(sum(c.decoded * c.parameters), 0),
        count(s.extra -> 'trial'), count(*) FILTER (WHERE (s.extra #>> '{trial,exits}')::boolean),
        coalesce(sum((s.extra #>> '{cost,slm_trial,decoded_tokens}')::bigint), 0)::bigint,
        coalesce(sum((s.extra #>> '{cost,llm_trial,decoded_tokens}')::bigint), 0)::bigint,
        count(s.extra -> 'rollback')
    FROM v_evaluation_step s
    CROSS JOIN LATERAL (
        SELECT (s.extra #>> '{cost,review,prefill_tokens}')::bigint AS prefill,
            (s.extra #>> '{cost,review,decoded_tokens}')::bigint AS decoded,
            (s.extra #>> '{review,parameters}')::float8 AS parameters) c
    WHERE s.evaluation_id = _evaluation AND s.purpose = 'measurement' AND s.extra IS NOT NULL
    GROUP BY s.cell
$$;
COMMENT ON FUNCTION glimpq.evaluation_accounts_v1 IS 'What drafts, judges and scorers, and trial answers came to in each cell, from the traces. Computes are parameters × tokens.';

CREATE FUNCTION glimpq.evaluation_grades_v1(_evaluation bigint)
RETURNS TABLE (variant text, dataset text, problems int[], seeds bigint[], correct boolean[])
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT v.variant, v.dataset, array_agg(v.problem ORDER BY v.seed, v.problem),
        array_agg(v.seed ORDER BY v.seed, v.problem), array_agg(r.correct ORDER BY v.seed, v.problem)
    FROM v_evaluation_job v JOIN result r ON r.job_id = v.job_id
    WHERE v.evaluation_id = _evaluation AND v.purpose = 'measurement' AND r.correct IS NOT NULL
    GROUP BY v.variant, v.dataset
$$;
COMMENT ON FUNCTION glimpq.evaluation_grades_v1 IS 'Which problems each variant solved under which seeds.';

CREATE FUNCTION glimpq.evaluation_agreement_v1(_evaluation bigint, OUT compared bigint, OUT different bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT count(*), count(*) FILTER (WHERE m.output IS DISTINCT FROM t.output)
    FROM v_evaluation_result m
    JOIN v_evaluation_result t ON t.evaluation_id = m.evaluation_id AND t.variant = m.variant
        AND t.dataset = m.dataset AND t.problem = m.problem AND t.seed = m.seed AND t.purpose = 'timing'
    WHERE m.evaluation_id = _evaluation AND m.purpose = 'measurement'
$$;
COMMENT ON FUNCTION glimpq.evaluation_agreement_v1 IS 'How many answers were computed twice, for the report and for times, and how many of them differ; none should.';

CREATE FUNCTION glimpq.evaluation_steps_v1(_evaluation bigint, _variant text, _dataset text)
RETURNS TABLE (
    problem int, seed bigint, seq int, owner text, kind text, rule text, h_init float8, mean_entropy float8,
    mean_logprob float8, text text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
SET enable_seqscan = off  -- the tables may be new to the planner
AS $$
    SELECT s.problem, s.seed, s.seq, s.owner, s.kind, s.rule, s.h_init, s.mean_entropy, s.mean_logprob, s.text
    FROM v_evaluation_step s
    WHERE s.evaluation_id = _evaluation AND s.variant = _variant AND s.dataset = _dataset AND s.purpose = 'measurement'
    ORDER BY s.problem, s.seed, s.seq
$$;
COMMENT ON FUNCTION glimpq.evaluation_steps_v1 IS 'The steps that a variant wrote on a data set, problem by problem.';

REVOKE ALL ON FUNCTION glimpq.evaluation_begin_v1(text, jsonb), glimpq.evaluation_clear_v1(bigint, int[]),
    glimpq.evaluation_missing_v1(bigint, int[]), glimpq.evaluation_states_v1(bigint),
    glimpq.evaluation_faults_v1(bigint), glimpq.evaluation_retry_v1(bigint, int[]),
    glimpq.evaluation_forget_v1(bigint, int[]), glimpq.evaluation_figures_v1(bigint),
    glimpq.evaluation_accounts_v1(bigint), glimpq.evaluation_grades_v1(bigint),
    glimpq.evaluation_agreement_v1(bigint), glimpq.evaluation_steps_v1(bigint, text, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION glimpq.evaluation_begin_v1(text, jsonb), glimpq.evaluation_clear_v1(bigint, int[]),
    glimpq.evaluation_missing_v1(bigint, int[]), glimpq.evaluation_retry_v1(bigint, int[]),
    glimpq.evaluation_forget_v1(bigint, int[])
TO glimpq_producer, glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.evaluation_states_v1(bigint), glimpq.evaluation_faults_v1(bigint),
    glimpq.evaluation_figures_v1(bigint), glimpq.evaluation_accounts_v1(bigint),
    glimpq.evaluation_grades_v1(bigint), glimpq.evaluation_agreement_v1(bigint),
    glimpq.evaluation_steps_v1(bigint, text, text)
TO glimpq_producer, glimpq_analyst, glimpq_admin;
GRANT INSERT, SELECT ON glimpq.evaluation_cell, glimpq.evaluation_task TO glimpq_producer, glimpq_admin;
GRANT SELECT ON glimpq.evaluation, glimpq.evaluation_cell, glimpq.evaluation_task, glimpq.v_evaluation_job,
    glimpq.v_evaluation_result, glimpq.v_evaluation_step
TO glimpq_producer, glimpq_analyst, glimpq_admin;
