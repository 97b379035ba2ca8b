-- Views for producers, operators and analysts: where every job is and what hinders it.
SET LOCAL ROLE glimpq_owner;

CREATE VIEW glimpq.v_job AS
SELECT j.id AS job_id, b.name AS batch, j.custom_id, j.state, j.queue, j.priority, j.strategy, j.pair, j.tenant,
    j.attempt, j.max_attempts, j.infra_fails, j.crash_suspect, j.epoch, j.worker_id, j.created_at, j.run_at,
    j.claimed_at, j.deadline_at, j.finished_at, j.cancel_requested_at,
    extract(epoch FROM coalesce(j.finished_at, now()) - j.created_at)::float8 AS age_seconds,
    extract(epoch FROM now() - j.claimed_at)::float8 AS running_seconds,
    j.last_error_class, e.error_message AS last_error_message, e.ended_at AS last_error_at, j.reference_answer,
    j.metadata
FROM glimpq.job j
LEFT JOIN glimpq.batch b ON b.id = j.batch_id
LEFT JOIN LATERAL (
    SELECT a.error_message, a.ended_at FROM glimpq.attempt a
    WHERE a.job_id = j.id AND a.error_class IS NOT NULL ORDER BY a.epoch DESC LIMIT 1) e ON j.last_error_class IS NOT NULL;
COMMENT ON VIEW glimpq.v_job IS 'One line per job, without prompt and parameters.';

CREATE VIEW glimpq.v_prompt AS
SELECT j.id AS job_id, j.prompt, j.messages, j.params, j.seed FROM glimpq.job j;
COMMENT ON VIEW glimpq.v_prompt IS 'What jobs ask.';

CREATE VIEW glimpq.v_attempt AS
SELECT a.job_id, a.epoch, a.worker_id, w.host, w.pid, a.started_at, a.ended_at, a.outcome, a.error_class,
    a.error_message, a.resumed_from_epoch, a.resumed_at_step, a.steps_written, a.tokens
FROM glimpq.attempt a LEFT JOIN glimpq.worker w ON w.id = a.worker_id;
COMMENT ON VIEW glimpq.v_attempt IS 'Who worked on a job, from which step on, and how it ended.';

CREATE VIEW glimpq.v_result AS
SELECT r.job_id, b.name AS batch, j.custom_id, j.tenant, r.strategy, r.strategy_params, r.pair, r.correct, r.answer,
    j.reference_answer, r.finish_reason, r.thinking_stop, r.steps, r.llm_steps, r.prompt_tokens, r.slm_tokens,
    r.llm_tokens, r.slm_discarded_tokens, r.llm_discarded_tokens, r.probe_tokens, r.slm_prefill_tokens,
    r.llm_prefill_tokens, r.active_ns, r.queue_wait_ms, j.created_at, r.first_claimed_at, r.finished_at, r.epoch,
    j.seed, r.slm_model, r.llm_model, r.slm_fingerprint, r.llm_fingerprint, r.slm_parameters, r.llm_parameters,
    r.engine_version, r.trace_rows_dropped, r.params, j.metadata, r.output
FROM glimpq.result r
JOIN glimpq.job j ON j.id = r.job_id
LEFT JOIN glimpq.batch b ON b.id = j.batch_id;
COMMENT ON VIEW glimpq.v_result IS 'Accepted results with what identifies their jobs.';

CREATE VIEW glimpq.v_batch_progress AS
SELECT b.id AS batch_id, b.name AS batch, b.created_at, b.cancelled_at, s.total, s.done, s.failed, s.cancelled,
    s.quarantined, s.running, s.ready, s.delayed, s.held, s.open,
    CASE WHEN s.total > 0 THEN (s.total - s.open)::float8 / s.total END AS finished_share,
    r.slm_tokens, r.llm_tokens, r.correct, r.graded, r.first_claimed_at, s.last_finished_at,
    w.per_minute,
    CASE WHEN s.open > 0 AND w.per_minute > 0 THEN s.open / w.per_minute * 60 END AS eta_seconds
FROM glimpq.batch b
CROSS JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE j.state = 'done') AS done,
        count(*) FILTER (WHERE j.state = 'failed') AS failed,
        count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE j.state = 'quarantined') AS quarantined,
        count(*) FILTER (WHERE j.state = 'running') AS running, count(*) FILTER (WHERE j.state = 'ready') AS ready,
        count(*) FILTER (WHERE j.state = 'delayed') AS delayed, count(*) FILTER (WHERE j.state = 'held') AS held,
        count(*) FILTER (WHERE j.state IN ('held', 'delayed', 'ready', 'running')) AS open,
        max(j.finished_at) AS last_finished_at,
        count(*) FILTER (WHERE j.finished_at > now() - interval '5 minutes') AS finished_lately
    FROM glimpq.job j WHERE j.batch_id = b.id) s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.slm_tokens), 0)::bigint AS slm_tokens, coalesce(sum(r.llm_tokens), 0)::bigint AS llm_tokens,
        count(*) FILTER (WHERE r.correct) AS correct, count(r.correct) AS graded,
        min(r.first_claimed_at) AS first_claimed_at
    FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id WHERE j.batch_id = b.id) r
CROSS JOIN LATERAL (
    -- Over the last five minutes, or since the first claim if that is less.
    SELECT s.finished_lately * 60 / greatest(extract(epoch FROM
        now() - greatest(now() - interval '5 minutes', coalesce(r.first_claimed_at, now()))), 1)::float8 AS per_minute) w;
COMMENT ON VIEW glimpq.v_batch_progress IS 'How far each batch is; eta_seconds from the pace of the last five minutes.';

CREATE VIEW glimpq.v_queue_depth AS
SELECT coalesce(d.queue, q.name) AS queue, q.paused_at IS NOT NULL AS paused, coalesce(d.ready, 0) AS ready,
    coalesce(d.delayed, 0) AS delayed, coalesce(d.running, 0) AS running, coalesce(d.held, 0) AS held,
    extract(epoch FROM now() - d.oldest_ready)::float8 AS oldest_ready_seconds
FROM (
    SELECT j.queue, count(*) FILTER (WHERE j.state = 'ready') AS ready,
        count(*) FILTER (WHERE j.state = 'delayed') AS delayed, count(*) FILTER (WHERE j.state = 'running') AS running,
        count(*) FILTER (WHERE j.state = 'held') AS held,
        min(j.created_at) FILTER (WHERE j.state = 'ready') AS oldest_ready
    FROM glimpq.job j WHERE j.state IN ('ready', 'delayed', 'running', 'held') GROUP BY j.queue) d
FULL JOIN glimpq.queue q ON q.name = d.queue;
COMMENT ON VIEW glimpq.v_queue_depth IS 'What waits and runs per queue.';

CREATE VIEW glimpq.v_worker AS
SELECT w.id AS worker_id, CASE WHEN w.state IN ('live', 'draining') AND w.lease_until < now() THEN 'expired'
        ELSE w.state END AS state,
    w.host, w.pid, w.version, w.capacity, w.in_flight,
    (SELECT count(*) FROM glimpq.job j WHERE j.state = 'running' AND j.worker_id = w.id) AS running,
    w.queues, w.pairs, w.started_at, w.beat_at, w.ended_at,
    CASE WHEN w.state IN ('live', 'draining') THEN extract(epoch FROM w.lease_until - now())::float8 END
        AS lease_seconds_left,
    w.stats
FROM glimpq.worker w;
COMMENT ON VIEW glimpq.v_worker IS 'Worker processes, living and dead.';

CREATE VIEW glimpq.v_unserved AS
SELECT j.queue, j.pair, count(*) AS jobs, min(j.created_at) AS oldest,
    CASE WHEN EXISTS (SELECT FROM glimpq.queue q WHERE q.name = j.queue AND q.paused_at IS NOT NULL)
            THEN 'the queue is paused'
        WHEN NOT EXISTS (SELECT FROM glimpq.worker w WHERE w.state = 'live' AND w.lease_until > now()
            AND j.queue = ANY (w.queues)) THEN 'no live worker claims from this queue'
        ELSE 'no live worker of this queue serves this pair' END AS reason
FROM glimpq.job j
WHERE j.state = 'ready'
GROUP BY j.queue, j.pair
HAVING EXISTS (SELECT FROM glimpq.queue q WHERE q.name = j.queue AND q.paused_at IS NOT NULL)
    OR NOT EXISTS (SELECT FROM glimpq.worker w WHERE w.state = 'live' AND w.lease_until > now()
        AND j.queue = ANY (w.queues) AND (j.pair IS NULL OR j.pair = ANY (w.pairs)));
COMMENT ON VIEW glimpq.v_unserved IS 'Ready jobs that nobody will claim as things stand, and why.';

CREATE VIEW glimpq.v_stuck AS
SELECT j.id AS job_id, j.worker_id, 'past its deadline' AS reason, j.deadline_at AS since
FROM glimpq.job j WHERE j.state = 'running' AND j.deadline_at < now()
UNION ALL
SELECT j.id, j.worker_id, 'its worker has no lease', w.lease_until
FROM glimpq.job j LEFT JOIN glimpq.worker w ON w.id = j.worker_id
WHERE j.state = 'running' AND (w.id IS NULL OR w.state IN ('lost', 'gone') OR w.lease_until < now())
UNION ALL
SELECT j.id, j.worker_id, 'cancellation not carried out', j.cancel_requested_at
FROM glimpq.job j WHERE j.state = 'running' AND j.cancel_requested_at < now() - interval '30 seconds'
UNION ALL
SELECT j.id, NULL, 'crash suspect waits for an empty worker', j.run_at
FROM glimpq.job j WHERE j.state = 'ready' AND j.crash_suspect >= 2 AND j.run_at < now() - interval '5 minutes';
COMMENT ON VIEW glimpq.v_stuck IS 'Jobs that do not move although they should. Ready jobs that nobody serves are in v_unserved.';

CREATE VIEW glimpq.v_error_summary AS
SELECT b.name AS batch, a.error_class, left(a.error_message, 200) AS message, count(*) AS attempts,
    count(DISTINCT a.job_id) AS jobs,
    count(DISTINCT a.job_id) FILTER (WHERE j.state IN ('failed', 'quarantined')) AS jobs_lost,
    min(a.ended_at) AS first_seen, max(a.ended_at) AS last_seen
FROM glimpq.attempt a
JOIN glimpq.job j ON j.id = a.job_id
LEFT JOIN glimpq.batch b ON b.id = j.batch_id
WHERE a.error_class IS NOT NULL
GROUP BY b.name, a.error_class, left(a.error_message, 200);
COMMENT ON VIEW glimpq.v_error_summary IS 'What went wrong, how often, and how many jobs it cost.';

-- Every ok = false names something to mend.
CREATE VIEW glimpq.v_health AS
SELECT 'dead rows in job' AS check_name, s.n_dead_tup::text AS value,
    s.n_dead_tup < 100000 + s.n_live_tup / 2 AS ok, 'VACUUM glimpq.job; look for long transactions' AS advice
FROM pg_stat_user_tables s WHERE s.relid = 'glimpq.job'::regclass
UNION ALL
SELECT 'oldest snapshot', CASE WHEN a.pid IS NULL THEN 'none' ELSE format('process %s (%s), %s s', a.pid, a.usename, a.age::int) END,
    coalesce(a.age, 0) < 60, 'long transactions keep dead index entries alive and slow claims; end it or move it to a replica'
FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT pid, usename, extract(epoch FROM now() - xact_start) AS age FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database()
        AND backend_type = 'client backend'
    ORDER BY age(backend_xmin) DESC LIMIT 1) a ON true
UNION ALL
SELECT 'trace rows in the default partition', count(*)::text, count(*) < 100000,
    'glimpq.create_step_partition(day) for the days concerned'
FROM (SELECT FROM glimpq.step_default LIMIT 100000) d
UNION ALL
SELECT 'trace partition of tomorrow', coalesce(to_regclass(p.name)::text, 'missing'), to_regclass(p.name) IS NOT NULL,
    'SELECT glimpq.create_step_partitions()'
FROM (SELECT 'glimpq.step_' || to_char((now() AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD') AS name) p
UNION ALL
SELECT 'live workers', count(*)::text, count(*) > 0, 'start one: glimpq worker'
FROM glimpq.worker WHERE state = 'live' AND lease_until > now()
UNION ALL
SELECT 'workers lost in the last hour', count(*)::text, count(*) = 0, 'look at their logs and at the memory of their machines'
FROM glimpq.worker WHERE state = 'lost' AND ended_at > now() - interval '1 hour'
UNION ALL
SELECT 'ready jobs that nobody serves', coalesce(sum(jobs), 0)::text, coalesce(sum(jobs), 0) = 0, 'see glimpq.v_unserved'
FROM glimpq.v_unserved
UNION ALL
SELECT 'stuck jobs', count(*)::text, count(*) = 0, 'see glimpq.v_stuck' FROM glimpq.v_stuck;
COMMENT ON VIEW glimpq.v_health IS 'Checks of the database and the fleet.';

GRANT SELECT ON glimpq.v_job, glimpq.v_prompt, glimpq.v_attempt, glimpq.v_result, glimpq.v_trace, glimpq.v_batch_progress, glimpq.v_queue_depth,
    glimpq.v_worker, glimpq.v_unserved, glimpq.v_stuck, glimpq.v_error_summary, glimpq.v_health
TO glimpq_producer, glimpq_analyst, glimpq_admin;
