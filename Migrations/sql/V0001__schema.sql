-- Roles and the owner of the schema. The migration runner has created the schema and its ledger already.
--
-- Roles belong to the whole cluster, so they may exist, or appear while this runs: both are fine. They are group roles
-- without login; grant them to the users of the installation, e.g. GRANT glimpq_worker TO my_worker.

DO $$
DECLARE
    _role text;
BEGIN
    FOREACH _role IN ARRAY ARRAY['glimpq_owner', 'glimpq_producer', 'glimpq_worker', 'glimpq_analyst', 'glimpq_admin']
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', _role);
            IF _role = 'glimpq_analyst' THEN
                -- In force when the role itself is given LOGIN; otherwise set the same on the analysts' own roles.
                ALTER ROLE glimpq_analyst SET default_transaction_read_only = on;
                ALTER ROLE glimpq_analyst SET statement_timeout = '10min';
                ALTER ROLE glimpq_analyst SET idle_in_transaction_session_timeout = '1min';
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    -- A migrating user that is no superuser must be a member to act as the owner.
    IF NOT pg_has_role(current_user, 'glimpq_owner', 'MEMBER') THEN
        EXECUTE format('GRANT glimpq_owner TO %I', current_user);
    END IF;
END
$$;

ALTER SCHEMA glimpq OWNER TO glimpq_owner;
ALTER TABLE glimpq.schema_migration OWNER TO glimpq_owner;

GRANT USAGE ON SCHEMA glimpq TO glimpq_producer, glimpq_worker, glimpq_analyst, glimpq_admin;

COMMENT ON SCHEMA glimpq IS 'Batch jobs for collaborative reasoning: queue, results and traces.';
