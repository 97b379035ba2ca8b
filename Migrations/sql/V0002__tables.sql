-- The tables. Every claim of the state machine is a named CHECK, so that no client can leave it.
SET LOCAL ROLE glimpq_owner;

CREATE TABLE glimpq.setting (
    name  text PRIMARY KEY,
    value bigint NOT NULL,
    note  text NOT NULL
);
COMMENT ON TABLE glimpq.setting IS 'Limits that server functions read; change them with UPDATE as glimpq_admin.';

INSERT INTO glimpq.setting (name, value, note) VALUES
    ('lease_seconds', 30, 'a worker that has not renewed its lease for so long is lost'),
    ('crash_budget', 3, 'worker deaths in a row without a finished step before a job is quarantined'),
    ('infra_budget', 10, 'infrastructure failures of a job before it fails'),
    ('isolation_patience_seconds', 60, 'how long a crash suspect waits before a worker is emptied for it'),
    ('deadline_grace_seconds', 30, 'how long past its deadline a running job is left to its live worker'),
    ('unknown_pair_patience_seconds', 300, 'how long a job waits for a model pair that no worker has ever served before it fails'),
    ('partition_days_ahead', 7, 'trace partitions that exist in advance');

CREATE TABLE glimpq.batch (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL,
    tenant       text,
    metadata     jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   name NOT NULL DEFAULT session_user,
    cancelled_at timestamptz,
    CONSTRAINT batch_name_unique UNIQUE (name),
    CONSTRAINT batch_name_size CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT batch_metadata_object CHECK (jsonb_typeof(metadata) = 'object')
);
COMMENT ON TABLE glimpq.batch IS 'A named set of jobs. Progress is the view v_batch_progress: a counter here would serialise all completions.';

CREATE TABLE glimpq.queue (
    name            text PRIMARY KEY,
    paused_at       timestamptz,
    default_timeout interval,
    note            text,
    CONSTRAINT queue_name_size CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT queue_default_timeout_positive CHECK (default_timeout > interval '0')
);
COMMENT ON TABLE glimpq.queue IS 'Switches per queue. A queue without a row has the defaults.';

CREATE TABLE glimpq.job (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id            bigint,
    epoch               bigint NOT NULL DEFAULT 0,
    worker_id           bigint,
    seed                bigint,
    run_at              timestamptz NOT NULL DEFAULT now(),
    created_at          timestamptz NOT NULL DEFAULT now(),
    claimed_at          timestamptz,
    deadline_at         timestamptz,
    finished_at         timestamptz,
    cancel_requested_at timestamptz,
    priority            smallint NOT NULL DEFAULT 0,
    attempt             smallint NOT NULL DEFAULT 0,
    max_attempts        smallint NOT NULL DEFAULT 3,
    infra_fails         smallint NOT NULL DEFAULT 0,
    crash_suspect       smallint NOT NULL DEFAULT 0,
    timeout             interval,
    state               text NOT NULL DEFAULT 'ready',
    queue               text NOT NULL DEFAULT 'default',
    strategy            text NOT NULL DEFAULT 'glimprouter',
    pair                text,
    tenant              text,
    custom_id           text,
    idem_key            text,
    last_error_class    text,
    created_by          name NOT NULL DEFAULT session_user,
    params              jsonb NOT NULL DEFAULT '{}',
    metadata            jsonb,
    reference_answer    text,
    prompt              text,
    messages            jsonb,

    CONSTRAINT job_state_known CHECK (state IN (
        'held', 'delayed', 'ready', 'running', 'done', 'failed', 'cancelled', 'quarantined')),
    CONSTRAINT job_running_has_worker CHECK ((state = 'running') = (worker_id IS NOT NULL)),
    CONSTRAINT job_running_has_claim_time CHECK ((state = 'running') = (claimed_at IS NOT NULL)),
    CONSTRAINT job_terminal_has_finish_time CHECK (
        (state IN ('done', 'failed', 'cancelled', 'quarantined')) = (finished_at IS NOT NULL)),
    CONSTRAINT job_claimed_has_epoch CHECK (epoch > 0 OR (epoch = 0 AND state NOT IN ('running', 'done'))),
    CONSTRAINT job_attempt_not_negative CHECK (attempt >= 0),
    CONSTRAINT job_max_attempts_range CHECK (max_attempts BETWEEN 1 AND 100),
    CONSTRAINT job_budgets_not_negative CHECK (infra_fails >= 0 AND crash_suspect >= 0),
    CONSTRAINT job_timeout_positive CHECK (timeout > interval '0'),
    CONSTRAINT job_prompt_or_messages CHECK (num_nonnulls(prompt, messages) = 1),
    CONSTRAINT job_prompt_not_blank CHECK (prompt ~ '[^[:space:]]'),
    CONSTRAINT job_prompt_size CHECK (octet_length(prompt) <= 16777216),
    CONSTRAINT job_messages_valid CHECK (
        jsonb_typeof(messages) = 'array' AND jsonb_array_length(messages) > 0
        AND NOT jsonb_path_exists(messages, 'lax $[*] ? (!(@.role.type() == "string") || !(@.content.type() == "string")
            || !(@.role like_regex "^(system|user|assistant)$"))')),
    CONSTRAINT job_messages_size CHECK (octet_length(messages::text) <= 33554432),
    CONSTRAINT job_params_object CHECK (jsonb_typeof(params) = 'object'),
    CONSTRAINT job_params_size CHECK (octet_length(params::text) <= 33554432),
    CONSTRAINT job_metadata_object CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT job_metadata_size CHECK (octet_length(metadata::text) <= 33554432),
    CONSTRAINT job_queue_size CHECK (length(queue) BETWEEN 1 AND 100),
    CONSTRAINT job_strategy_size CHECK (length(strategy) BETWEEN 1 AND 100),
    CONSTRAINT job_pair_size CHECK (length(pair) BETWEEN 1 AND 200),
    CONSTRAINT job_tenant_size CHECK (length(tenant) BETWEEN 1 AND 200),
    CONSTRAINT job_custom_id_size CHECK (length(custom_id) BETWEEN 1 AND 512),
    CONSTRAINT job_idem_key_size CHECK (length(idem_key) BETWEEN 1 AND 512),
    CONSTRAINT job_reference_answer_size CHECK (octet_length(reference_answer) <= 1048576)
) WITH (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 5000
);

-- The claim's order. Crash suspects are apart, because they run alone.
CREATE INDEX job_ready ON glimpq.job (queue, priority DESC, id) WHERE state = 'ready' AND crash_suspect < 2;
CREATE INDEX job_suspect ON glimpq.job (queue, priority DESC, id) WHERE state = 'ready' AND crash_suspect >= 2;
CREATE INDEX job_delayed ON glimpq.job (run_at) WHERE state = 'delayed';
-- Plain INSERTs of future jobs, which are ready until the sweep moves them out of the claim's way.
CREATE INDEX job_ready_early ON glimpq.job (run_at) WHERE state = 'ready' AND run_at > created_at;
-- Few rows, where producers name pairs: the sweep looks for names that nobody knows.
CREATE INDEX job_ready_pair ON glimpq.job (pair) WHERE state = 'ready' AND pair IS NOT NULL;
CREATE INDEX job_running ON glimpq.job (worker_id) WHERE state = 'running';
CREATE INDEX job_batch_state ON glimpq.job (batch_id, state) WHERE batch_id IS NOT NULL;
CREATE UNIQUE INDEX job_custom_id_unique ON glimpq.job (batch_id, custom_id) WHERE custom_id IS NOT NULL;
CREATE UNIQUE INDEX job_idem_key_unique ON glimpq.job (queue, idem_key) WHERE idem_key IS NOT NULL;

COMMENT ON TABLE glimpq.job IS 'What producers insert, and the queue. INSERT INTO glimpq.job (prompt) VALUES (…) or COPY is enough.';
COMMENT ON COLUMN glimpq.job.epoch IS 'Fencing token: rises by one in each claim and never else; every write of a worker names it.';
COMMENT ON COLUMN glimpq.job.seed IS 'Seed of all random draws; a job without one gets its id at its first claim.';
COMMENT ON COLUMN glimpq.job.attempt IS 'Attempts that count against max_attempts; a drain or an infrastructure failure gives one back.';
COMMENT ON COLUMN glimpq.job.crash_suspect IS 'Worker deaths in a row during which the job finished no step; at 2 or more it runs alone.';
COMMENT ON COLUMN glimpq.job.custom_id IS 'The producer''s key, unique within a batch.';
COMMENT ON COLUMN glimpq.job.idem_key IS 'Idempotency key, unique within a queue.';
COMMENT ON COLUMN glimpq.job.pair IS 'Model pair; NULL lets the worker use its default.';
COMMENT ON COLUMN glimpq.job.params IS 'Parameters of strategy, sampling and budgets.';

CREATE TABLE glimpq.worker (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state       text NOT NULL DEFAULT 'live',
    lease_until timestamptz NOT NULL,
    beat_at     timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz,
    pid         int NOT NULL,
    capacity    int NOT NULL,
    in_flight   int NOT NULL DEFAULT 0,
    host        text NOT NULL,
    version     text NOT NULL,
    queues      text[] NOT NULL,
    pairs       text[] NOT NULL,
    stats       jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT worker_state_known CHECK (state IN ('live', 'draining', 'lost', 'gone')),
    CONSTRAINT worker_ended_has_time CHECK ((state IN ('lost', 'gone')) = (ended_at IS NOT NULL)),
    CONSTRAINT worker_capacity_positive CHECK (capacity > 0)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0.1);
COMMENT ON TABLE glimpq.worker IS 'One row per worker process ever started; its lease says whether the process lives. Only the primary key is indexed, so that every renewal is a heap-only update.';

CREATE TABLE glimpq.attempt (
    job_id             bigint NOT NULL,
    epoch              bigint NOT NULL,
    worker_id          bigint NOT NULL,
    started_at         timestamptz NOT NULL DEFAULT now(),
    ended_at           timestamptz,
    resumed_from_epoch bigint,
    tokens             bigint NOT NULL DEFAULT 0,
    resumed_at_step    int NOT NULL DEFAULT 0,
    steps_written      int NOT NULL DEFAULT 0,
    resumable          boolean NOT NULL DEFAULT true,
    outcome            text,
    error_class        text,
    error_message      text,
    chain_epochs       bigint[] NOT NULL,
    chain_starts       int[] NOT NULL,
    PRIMARY KEY (job_id, epoch),
    CONSTRAINT attempt_outcome_known CHECK (outcome IN ('done', 'failed', 'released', 'lost', 'cancelled')),
    CONSTRAINT attempt_closed_has_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT attempt_error_class_known CHECK (error_class IN (
        'bad_input', 'model_transient', 'infra', 'deadline', 'crash_suspect', 'cancelled')),
    CONSTRAINT attempt_resumes_earlier CHECK (resumed_from_epoch < epoch),
    CONSTRAINT attempt_chain_shape CHECK (cardinality(chain_epochs) = cardinality(chain_starts)
        AND chain_epochs[cardinality(chain_epochs)] = epoch AND chain_starts[1] = 0
        AND chain_starts[cardinality(chain_starts)] = resumed_at_step)
) WITH (fillfactor = 85);
COMMENT ON TABLE glimpq.attempt IS 'One row per claim of a job: who worked on it, how it ended, where it took over.';
COMMENT ON COLUMN glimpq.attempt.chain_epochs IS 'Epochs whose steps make up this attempt''s trace, in order, its own last; chain_starts holds the first step of each.';

CREATE TABLE glimpq.result (
    job_id                bigint PRIMARY KEY,
    epoch                 bigint NOT NULL,
    finished_at           timestamptz NOT NULL DEFAULT now(),
    first_claimed_at      timestamptz NOT NULL,
    queue_wait_ms         bigint NOT NULL,
    active_ns             bigint NOT NULL,
    slm_parameters        bigint,
    llm_parameters        bigint,
    prompt_tokens         int NOT NULL,
    steps                 int NOT NULL,
    llm_steps             int NOT NULL,
    slm_tokens            int NOT NULL,
    llm_tokens            int NOT NULL,
    slm_discarded_tokens  int NOT NULL,
    llm_discarded_tokens  int NOT NULL,
    probe_tokens          int NOT NULL,
    slm_prefill_tokens    int NOT NULL,
    llm_prefill_tokens    int NOT NULL,
    trace_rows_dropped    int NOT NULL DEFAULT 0,
    correct               boolean,
    finish_reason         text NOT NULL,
    thinking_stop         text,
    strategy              text NOT NULL,
    strategy_params       jsonb NOT NULL DEFAULT '{}',
    pair                  text NOT NULL,
    slm_model             text,
    llm_model             text,
    slm_fingerprint       text,
    llm_fingerprint       text,
    engine_version        text NOT NULL,
    params                jsonb NOT NULL DEFAULT '{}',
    answer                text,
    output                text NOT NULL,
    CONSTRAINT result_llm_steps_range CHECK (llm_steps BETWEEN 0 AND steps),
    CONSTRAINT result_counts_not_negative CHECK (least(active_ns, queue_wait_ms, prompt_tokens, slm_tokens, llm_tokens,
        slm_discarded_tokens, llm_discarded_tokens, probe_tokens, slm_prefill_tokens, llm_prefill_tokens,
        trace_rows_dropped) >= 0)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);
COMMENT ON TABLE glimpq.result IS 'The accepted result of a job; the primary key makes it the only one.';
COMMENT ON COLUMN glimpq.result.steps IS 'Thinking steps, the answer not counted; llm_steps of them were written by the large model.';
COMMENT ON COLUMN glimpq.result.slm_tokens IS 'Generated tokens that were kept, answer included; prefill, probes and discarded drafts are apart.';
COMMENT ON COLUMN glimpq.result.strategy_params IS 'What makes this variant of the strategy, e.g. its threshold: the key by which v_strategy groups.';
COMMENT ON COLUMN glimpq.result.queue_wait_ms IS 'From insertion to the first claim.';
COMMENT ON COLUMN glimpq.result.active_ns IS 'Time in which models worked on the job, over all attempts of the winning chain.';

CREATE TABLE glimpq.step (
    job_id            bigint NOT NULL,
    epoch             bigint NOT NULL,
    seq               int NOT NULL,
    day               date NOT NULL,
    written_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    signal_value      float8,
    threshold         float8,
    h_init            float8,
    h_norm            float8,
    h_top             float8,
    mean_logprob      float8,
    mean_entropy      float8,
    probe_ns          bigint NOT NULL DEFAULT 0,
    slm_ns            bigint NOT NULL DEFAULT 0,
    llm_ns            bigint NOT NULL DEFAULT 0,
    h_top_support     int,
    probed_token      int,
    tokens_kept       int NOT NULL DEFAULT 0,
    slm_discarded     int NOT NULL DEFAULT 0,
    llm_discarded     int NOT NULL DEFAULT 0,
    probe_tokens      int NOT NULL DEFAULT 0,
    slm_prefill       int NOT NULL DEFAULT 0,
    slm_cached        int NOT NULL DEFAULT 0,
    slm_decoded       int NOT NULL DEFAULT 0,
    llm_prefill       int NOT NULL DEFAULT 0,
    llm_cached        int NOT NULL DEFAULT 0,
    llm_decoded       int NOT NULL DEFAULT 0,
    kind              text NOT NULL,
    owner             text NOT NULL,
    model             text NOT NULL,
    rule              text,
    signal_name       text,
    finish_reason     text,
    text              text NOT NULL,
    token_ids         int[] NOT NULL,
    extra             jsonb,
    PRIMARY KEY (job_id, epoch, seq, day),
    CONSTRAINT step_seq_not_negative CHECK (seq >= 0),
    CONSTRAINT step_kind_known CHECK (kind IN ('thinking', 'answer')),
    CONSTRAINT step_owner_known CHECK (owner IN ('slm', 'llm'))
) PARTITION BY RANGE (day);
COMMENT ON TABLE glimpq.step IS 'Traces: one row per finished reasoning step and attempt, partitioned by the job''s day. Read v_trace, which picks the winning chain. No foreign keys: they would lock the claimed row.';
COMMENT ON COLUMN glimpq.step.day IS 'The day (UTC) on which the job was created, whenever the step was written.';
COMMENT ON COLUMN glimpq.step.rule IS 'Which rule of the strategy chose the owner.';
COMMENT ON COLUMN glimpq.step.signal_value IS 'What the rule compared with the threshold.';
COMMENT ON COLUMN glimpq.step.h_init IS 'Entropy in nats of the small model''s first-token distribution, full vocabulary.';
COMMENT ON COLUMN glimpq.step.h_norm IS 'The same as a share of its ceiling, 0 to 1.';
COMMENT ON COLUMN glimpq.step.h_top IS 'The same in nats over the h_top_support most probable tokens, renormalised.';
COMMENT ON COLUMN glimpq.step.slm_discarded IS 'Tokens of drafts that the small model wrote and that were thrown away.';
COMMENT ON COLUMN glimpq.step.probe_tokens IS 'Probes made for the step (each is one forward pass of the small model).';

-- Takes rows of days without a partition, so that no trace is ever lost.
CREATE TABLE glimpq.step_default PARTITION OF glimpq.step DEFAULT;
