import Postgres
import TestSupport
import Testing

/// Who may call and write what, in full: a new function or grant belongs into these lists, on purpose.
@Suite struct RoleMatrixTests {
    private static let reading =
        """
        backlog batch_overview_v1 ended_badly_v1 ended_since_v1 queue_overview_v1 recent_errors_v1 recent_work_v1 \
        strategy_report unserved_v1 what_if wilson evaluation_accounts_v1 evaluation_agreement_v1 evaluation_faults_v1 evaluation_figures_v1 \
        evaluation_grades_v1 evaluation_states_v1 evaluation_steps_v1
        """
    private static let monitoring =
        """
        batch_metrics_v1 fleet_metrics_v1 index_health_v1 queue_metrics_v1 server_metrics_v1 setting \
        snapshot_holders_v1 storage_metrics_v1 trace_health_v1 trace_of
        """
    private static let producing =
        """
        cancel cancel_batch enqueue ensure_batch evaluation_begin_v1 evaluation_clear_v1 evaluation_forget_v1 \
        evaluation_missing_v1 evaluation_retry_v1 retry retry_failed retry_v2 wake
        """
    private static let calibrating = "calibrated_threshold calibration_window"
    private static let working =
        """
        adopt_v1 age_v1 analyze_traces_v1 beat_v1 claim_v1 claim_v2 fail_v1 finish_v1 finish_v2 finish_v3 finish_v4 \
        gather_entropies_v1 isolation_turn_v1 leave_v1 load_resume_v1 load_resume_v2 open_jobs_v1 \
        pin_threshold_v1 promote_v1 promote_v2 register_v1 register_v2 release_v1 rescue_v1 sweep_v1 sweep_v2 sweep_v3 \
        upkeep_v1 wake
        """
    private static let switching =
        """
        configure_queue create_step_partition create_step_partitions drop_step_partition_v1 drop_step_partitions hold \
        limit_queue limit_tenant pause purge purge_batch_v1 purge_v2 resume set_priority unhold
        """

    static let functions: [(role: String, names: String)] = [
        ("public", ""),
        ("glimpq_analyst", "\(reading) \(monitoring) \(calibrating)"),
        (
            "glimpq_monitor",
            """
            backlog batch_metrics_v1 fleet_metrics_v1 index_health_v1 queue_metrics_v1 server_metrics_v1 setting \
            snapshot_holders_v1 storage_metrics_v1 trace_health_v1
            """
        ),
        ("glimpq_producer", "\(reading) \(producing)"),
        (
            "glimpq_worker",
            """
            \(working) backlog index_health_v1 server_metrics_v1 snapshot_holders_v1 storage_metrics_v1 trace_health_v1
            """
        ),
        ("glimpq_admin", "\(reading) \(monitoring) \(calibrating) \(producing) \(working) \(switching)"),
    ]

    @Test(arguments: functions.indices)
    func aRoleMayCallItsFunctionsAndNoOthers(index: Int) async throws {
        let (role, names) = Self.functions[index]
        try await QueueFixture.run { queue in
            let found: [String] = try await queue.sql.query(
                """
                SELECT DISTINCT p.proname::text FROM pg_proc p
                WHERE p.pronamespace = 'glimpq'::regnamespace AND has_function_privilege($1, p.oid, 'EXECUTE')
                """, [role]
            ).map { try $0.get(0) }
            #expect(Set(found) == Set(names.split(separator: " ").map(String.init)))
        }
    }

    static let writes: [(role: String, tables: String)] = [
        ("glimpq_analyst", ""), ("glimpq_monitor", ""),
        ("glimpq_producer", "INSERT batch_input, INSERT evaluation_cell, INSERT evaluation_task, INSERT job"),
        ("glimpq_worker", "INSERT step"),
        (
            "glimpq_admin",
            """
            DELETE batch_input, DELETE queue, DELETE tenant_limit, INSERT batch_input, INSERT evaluation_cell, \
            INSERT evaluation_task, INSERT queue, INSERT step, INSERT tenant_limit, UPDATE queue, UPDATE setting, UPDATE tenant_limit
            """
        ),
    ]

    @Test(arguments: writes.indices)
    func aRoleMayWriteItsTablesAndNoOthers(index: Int) async throws {
        let (role, tables) = Self.writes[index]
        try await QueueFixture.run { queue in
            let found: String = try await queue.sql.query(
                """
                SELECT coalesce(string_agg(what, ', ' ORDER BY what), '') FROM (
                    SELECT kind || ' ' || c.relname AS what
                    FROM pg_class c, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) kind
                    WHERE c.relnamespace = 'glimpq'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                        AND (has_table_privilege($1, c.oid, kind)
                            OR kind IN ('INSERT', 'UPDATE') AND has_any_column_privilege($1, c.oid, kind))) w
                """, [role]
            ).one().get(0)
            #expect(found == tables)
        }
    }

    /// A producer that could write these would forge the state machine.
    @Test func aProducerMayFillOnlyWhatDescribesWork() async throws {
        try await QueueFixture.run { queue in
            let forgeable: [String] = try await queue.sql.query(
                """
                SELECT a.attname::text FROM pg_attribute a
                WHERE a.attrelid = 'glimpq.job'::regclass AND a.attnum > 0 AND NOT a.attisdropped
                    AND has_column_privilege('glimpq_producer', 'glimpq.job', a.attnum, 'INSERT')
                    AND a.attname IN ('id', 'epoch', 'worker_id', 'created_at', 'claimed_at', 'deadline_at', 'finished_at',
                        'cancel_requested_at', 'attempt', 'infra_fails', 'crash_suspect', 'state', 'last_error_class',
                        'created_by', 'aged')
                """
            ).map { try $0.get(0) }
            #expect(forgeable == [])
        }
    }
}
