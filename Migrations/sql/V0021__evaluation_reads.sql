-- Traces of evaluations are read by key, in an order that does not depend on what the planner knows.
SET LOCAL ROLE glimpq_owner;

-- Each OFFSET 0 keeps a look-up by key apart. The tables may be new to the planner, which would else read all of them for
-- every job.
CREATE OR REPLACE VIEW glimpq.v_evaluation_step AS
SELECT v.evaluation_id, v.evaluation, v.cell, v.purpose, v.variant, v.dataset, v.in_flight, v.problem, v.seed, s.*
FROM glimpq.v_evaluation_job v
CROSS JOIN LATERAL (
    SELECT (j.created_at AT TIME ZONE 'UTC')::date AS day FROM glimpq.job j WHERE j.id = v.job_id OFFSET 0) j
CROSS JOIN LATERAL (SELECT r.epoch FROM glimpq.result r WHERE r.job_id = v.job_id OFFSET 0) r
CROSS JOIN LATERAL (
    SELECT a.chain_epochs, a.chain_starts FROM glimpq.attempt a WHERE a.job_id = v.job_id AND a.epoch = r.epoch
    OFFSET 0) a
CROSS JOIN LATERAL unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
CROSS JOIN LATERAL (
    SELECT s.* FROM glimpq.step s
    WHERE s.job_id = v.job_id AND s.day = j.day AND s.epoch = c.epoch AND s.seq >= c.first
        AND (c.next IS NULL OR s.seq < c.next)
    OFFSET 0) s;

ALTER FUNCTION glimpq.evaluation_accounts_v1(bigint) RESET enable_seqscan;
ALTER FUNCTION glimpq.evaluation_steps_v1(bigint, text, text) RESET enable_seqscan;
