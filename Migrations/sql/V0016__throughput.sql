-- Results in bulk: what finish_v1 and finish_v2 do, at a third of the time. A join of two lists inside the
-- statement had compared every result with every other one; now the rows that lock the jobs carry the results along,
-- the lists are read once, and the second look for duplicates is taken only if something was not accepted.
SET LOCAL ROLE glimpq_owner;

CREATE FUNCTION glimpq.finish_v3(_results json)
RETURNS TABLE (job_id bigint, epoch bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
-- What a worker says of jobs that it names is found by key, whatever the statistics say.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    _jobs bigint[];
    _epochs bigint[];
BEGIN
    WITH incoming AS (
        SELECT * FROM json_to_recordset(_results) AS r(
            job_id bigint, epoch bigint, active_ns bigint, slm_parameters bigint, llm_parameters bigint,
            prompt_tokens int, steps int, llm_steps int, slm_tokens int, llm_tokens int, slm_discarded_tokens int,
            llm_discarded_tokens int, probe_tokens int, slm_prefill_tokens int, llm_prefill_tokens int,
            trace_rows int, trace_rows_dropped int, correct boolean, finish_reason text, thinking_stop text,
            strategy_params text, pair text, slm_model text, llm_model text, slm_fingerprint text, llm_fingerprint text,
            engine_version text, params text, answer text, output text, steps_written int, attempt_tokens bigint)),
    locked AS MATERIALIZED (
        SELECT j.created_at, j.strategy, i.*
        FROM incoming i JOIN job j ON j.id = i.job_id AND j.epoch = i.epoch
        WHERE j.state IN ('running', 'ready', 'delayed')
            -- A crash of the server may have cost the newest rows of the trace, which must be there before the result.
            AND (coalesce(i.trace_rows, 0) = 0 OR i.trace_rows <= (
                SELECT count(*)
                FROM attempt a
                CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
                JOIN step s ON s.job_id = j.id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
                    AND s.epoch = c.epoch AND s.seq >= c.first AND s.seq < coalesce(c.next, i.trace_rows)
                WHERE a.job_id = i.job_id AND a.epoch = i.epoch))
        ORDER BY j.id
        FOR NO KEY UPDATE OF j),
    finished AS (
        UPDATE job j
        SET state = 'done', finished_at = now(), worker_id = NULL, claimed_at = NULL, deadline_at = NULL,
            crash_suspect = 0, last_error_class = NULL
        FROM locked l WHERE j.id = l.job_id),
    closed AS (
        UPDATE attempt a
        SET ended_at = now(), outcome = 'done', error_class = NULL, error_message = NULL,
            steps_written = coalesce(l.steps_written, 0), tokens = coalesce(l.attempt_tokens, 0)
        FROM locked l WHERE a.job_id = l.job_id AND a.epoch = l.epoch),
    stored AS (
        INSERT INTO result (
            job_id, epoch, first_claimed_at, queue_wait_ms, active_ns, slm_parameters, llm_parameters, prompt_tokens,
            steps, llm_steps, slm_tokens, llm_tokens, slm_discarded_tokens, llm_discarded_tokens, probe_tokens,
            slm_prefill_tokens, llm_prefill_tokens, trace_rows_dropped, correct, finish_reason, thinking_stop,
            strategy, strategy_params, pair, slm_model, llm_model, slm_fingerprint, llm_fingerprint, engine_version,
            params, answer, output)
        SELECT l.job_id, l.epoch, f.started_at,
            greatest(0, extract(epoch FROM f.started_at - l.created_at) * 1000)::bigint,
            l.active_ns, l.slm_parameters, l.llm_parameters, l.prompt_tokens,
            l.steps, l.llm_steps, l.slm_tokens, l.llm_tokens, l.slm_discarded_tokens, l.llm_discarded_tokens,
            l.probe_tokens, l.slm_prefill_tokens, l.llm_prefill_tokens, coalesce(l.trace_rows_dropped, 0), l.correct,
            l.finish_reason, l.thinking_stop, l.strategy, coalesce(l.strategy_params::jsonb, '{}'), l.pair, l.slm_model,
            l.llm_model, l.slm_fingerprint, l.llm_fingerprint, l.engine_version, coalesce(l.params::jsonb, '{}'),
            l.answer, l.output
        FROM locked l
        CROSS JOIN LATERAL (SELECT min(a.started_at) AS started_at FROM attempt a WHERE a.job_id = l.job_id) f
        RETURNING job_id, epoch)
    SELECT coalesce(array_agg(job_id), '{}'), coalesce(array_agg(epoch), '{}') INTO _jobs, _epochs FROM stored;

    RETURN QUERY SELECT a.job, a.epoch, 'accepted' FROM unnest(_jobs, _epochs) AS a(job, epoch);

    IF cardinality(_jobs) < json_array_length(_results) THEN
        -- A new snapshot: it sees what a concurrent finish of the same jobs committed.
        RETURN QUERY
        SELECT i.job_id, i.epoch,
            CASE WHEN r.job_id IS NOT NULL THEN 'duplicate'
                WHEN i.trace_rows > 0 AND EXISTS (SELECT FROM job j WHERE j.id = i.job_id AND j.epoch = i.epoch
                    AND j.state IN ('running', 'ready', 'delayed')) THEN 'untraced'
                ELSE 'stale' END
        FROM json_to_recordset(_results) AS i(job_id bigint, epoch bigint, trace_rows int)
        LEFT JOIN result r ON r.job_id = i.job_id AND r.epoch = i.epoch
        WHERE NOT EXISTS (
            SELECT FROM unnest(_jobs, _epochs) AS a(job, epoch) WHERE a.job = i.job_id AND a.epoch = i.epoch);
    END IF;
END
$$;
COMMENT ON FUNCTION glimpq.finish_v3 IS 'Stores results and ends their jobs in one statement; verdict is accepted, duplicate (already stored by this attempt), untraced (rows of the trace are missing: trace_rows says how many there must be; write them again and ask again) or stale (dropped).';

REVOKE ALL ON FUNCTION glimpq.finish_v3(json) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION glimpq.finish_v3(json) TO glimpq_worker, glimpq_admin;
