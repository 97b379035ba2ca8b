-- Who may do what. A migration that adds a function must revoke it from PUBLIC itself; a test looks for forgotten ones.
SET LOCAL ROLE glimpq_owner;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA glimpq FROM PUBLIC;

-- Producers: the columns of a job that describe work. State, epoch and budgets cannot be forged.
GRANT INSERT (batch_id, seed, run_at, priority, max_attempts, timeout, queue, strategy, pair, tenant, custom_id,
    idem_key, params, metadata, reference_answer, prompt, messages) ON glimpq.job TO glimpq_producer;
-- ON CONFLICT needs to read the key columns; RETURNING id needs the id.
GRANT SELECT (id, batch_id, custom_id, queue, idem_key, state) ON glimpq.job TO glimpq_producer;
GRANT SELECT ON glimpq.batch TO glimpq_producer;
GRANT EXECUTE ON FUNCTION
    glimpq.ensure_batch(text, jsonb, text), glimpq.cancel(bigint), glimpq.cancel_batch(text, int),
    glimpq.retry(bigint, boolean), glimpq.retry_failed(text, text, int, timestamptz),
    glimpq.enqueue(text, jsonb, text, text, text, text, jsonb, bigint, text, jsonb, smallint, text, timestamptz,
        smallint, interval, text, text, boolean)
TO glimpq_producer, glimpq_admin;

-- Workers: functions, and traces.
GRANT EXECUTE ON FUNCTION
    glimpq.register_v1(text, int, text, int, text[], text[]), glimpq.beat_v1(bigint, boolean, int, jsonb),
    glimpq.leave_v1(bigint), glimpq.claim_v1(bigint, int, text[], text[]), glimpq.open_jobs_v1(text[], text[]),
    glimpq.finish_v1(json),
    glimpq.fail_v1(json), glimpq.release_v1(bigint, bigint[], bigint[], int[]),
    glimpq.load_resume_v1(bigint, bigint[], bigint[]), glimpq.sweep_v1(), glimpq.rescue_v1(int), glimpq.promote_v1(int)
TO glimpq_worker, glimpq_admin;
GRANT INSERT ON glimpq.step TO glimpq_worker, glimpq_admin;
GRANT SELECT ON glimpq.setting, glimpq.schema_migration TO glimpq_worker;

-- Analysts: everything, read only.
GRANT SELECT ON ALL TABLES IN SCHEMA glimpq TO glimpq_analyst, glimpq_admin;
GRANT EXECUTE ON FUNCTION glimpq.trace_of(bigint, bigint), glimpq.setting(text) TO glimpq_analyst, glimpq_admin;

-- Administrators: switches, settings, retention.
GRANT INSERT, UPDATE, DELETE ON glimpq.queue TO glimpq_admin;
GRANT UPDATE (value) ON glimpq.setting TO glimpq_admin;
GRANT EXECUTE ON FUNCTION
    glimpq.hold(bigint[]), glimpq.unhold(bigint[]), glimpq.pause(text), glimpq.resume(text),
    glimpq.set_priority(bigint[], smallint), glimpq.purge(timestamptz, int), glimpq.create_step_partition(date),
    glimpq.create_step_partitions(int), glimpq.drop_step_partitions(date)
TO glimpq_admin;
