-- Resume: a new attempt takes over the finished steps of an earlier one. Which epochs make up an attempt's trace is
-- written down once, when it takes over, so that late rows of a zombie cannot change it.
SET LOCAL ROLE glimpq_owner;

-- The steps of an attempt's chain, in order, up to the first gap.
CREATE FUNCTION glimpq.trace_of(_job bigint, _epoch bigint) RETURNS SETOF glimpq.step
LANGUAGE sql STABLE
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
    SELECT (t.s).*
    FROM (
        SELECT s, row_number() OVER (ORDER BY s.seq) - 1 AS expected
        FROM attempt a
        JOIN job j ON j.id = a.job_id
        CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
        JOIN step s ON s.job_id = a.job_id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
            AND s.epoch = c.epoch AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next)
        WHERE a.job_id = _job AND a.epoch = _epoch) AS t
    WHERE (t.s).seq = t.expected
    ORDER BY (t.s).seq
$$;

CREATE FUNCTION glimpq.load_resume_v1(_worker bigint, _jobs bigint[], _epochs bigint[])
RETURNS SETOF glimpq.step
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, glimpq, pg_temp
AS $$
DECLARE
    _claim record;
    _prior record;
    _count int;
BEGIN
    FOR _claim IN
        SELECT a.job_id, a.epoch, a.resumed_from_epoch, a.resumed_at_step
        FROM unnest(_jobs, _epochs) AS i(job_id, epoch)
        JOIN job j ON j.id = i.job_id AND j.epoch = i.epoch AND j.state = 'running' AND j.worker_id = _worker
        JOIN attempt a ON a.job_id = i.job_id AND a.epoch = i.epoch
    LOOP
        IF _claim.resumed_from_epoch IS NOT NULL THEN  -- asked before; the answer must not change
            RETURN QUERY SELECT * FROM trace_of(_claim.job_id, _claim.epoch) s WHERE s.seq < _claim.resumed_at_step;
            CONTINUE;
        END IF;
        FOR _prior IN
            SELECT a.epoch, a.chain_epochs, a.chain_starts FROM attempt a
            WHERE a.job_id = _claim.job_id AND a.epoch < _claim.epoch AND a.resumable
            ORDER BY a.epoch DESC
        LOOP
            SELECT count(*) INTO _count FROM trace_of(_claim.job_id, _prior.epoch);
            CONTINUE WHEN _count = 0;
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
COMMENT ON FUNCTION glimpq.load_resume_v1 IS 'The steps that earlier attempts of claimed jobs finished, and a note in the new attempts that they go on from there. Jobs without any are left out; so are jobs that the worker no longer holds.';

CREATE VIEW glimpq.v_trace AS
SELECT j.batch_id, j.custom_id, s.job_id, s.seq, s.kind, s.owner, s.model, s.rule, s.signal_name, s.signal_value,
    s.threshold, s.h_init, s.h_norm, s.h_top, s.h_top_support,
    CASE s.signal_name WHEN 'entropy' THEN 'full' WHEN 'top_entropy' THEN 'top' || s.h_top_support END
        AS entropy_support,
    s.probed_token, s.text, s.tokens_kept, s.slm_discarded, s.llm_discarded,
    s.slm_discarded + s.llm_discarded AS tokens_discarded, s.probe_tokens, s.finish_reason, s.mean_logprob, s.mean_entropy, s.slm_prefill, s.slm_cached, s.slm_decoded,
    s.llm_prefill, s.llm_cached, s.llm_decoded, s.probe_ns, s.slm_ns, s.llm_ns, s.written_at, s.epoch, s.day,
    s.token_ids, s.extra, w.epoch AS winning_epoch, w.finished
FROM glimpq.job j
LEFT JOIN glimpq.result r ON r.job_id = j.id
CROSS JOIN LATERAL (
    -- The attempt whose result counts; before there is one, the latest that has steps of its own or took some over.
    SELECT r.job_id IS NOT NULL AS finished, coalesce(r.epoch, (
        SELECT a.epoch FROM glimpq.attempt a
        WHERE a.job_id = j.id AND (a.resumed_at_step > 0 OR EXISTS (
            SELECT FROM glimpq.step s
            WHERE s.job_id = j.id AND s.epoch = a.epoch AND s.day = (j.created_at AT TIME ZONE 'UTC')::date))
        ORDER BY a.epoch DESC LIMIT 1)) AS epoch) AS w
JOIN glimpq.attempt a ON a.job_id = j.id AND a.epoch = w.epoch
CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
JOIN glimpq.step s ON s.job_id = j.id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
    AND s.epoch = c.epoch AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next);
COMMENT ON VIEW glimpq.v_trace IS 'The steps of each job''s winning chain, in any order (sort by job_id, seq): what the accepted result is made of, across crashes.';
