import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

/// The claim must walk along `job_ready` whatever the statistics say; `auto_explain` shows the plan that the function
/// really runs.
@Suite struct ClaimPlanTests {
    /// A way to claim that has a statement of its own.
    enum Walk: String, CaseIterable {
        case plain, remembered, turns, caps

        /// What switches it on.
        var setup: String {
            switch self {
            case .plain, .remembered: ""
            case .turns: #"SELECT glimpq.configure_queue('default', '{"fair": true}');"#
            case .caps: "SELECT glimpq.limit_queue('default', 5000, 1000);"
            }
        }

        var arguments: String { self == .remembered ? ", '{default,default}', '{6,3}', '{700,900}'" : "" }

        var index: String { self == .plain || self == .remembered ? "job_ready" : "job_ready_tenant" }
    }

    /// What the server knows of the table when it plans.
    enum Statistics: CaseIterable {
        case none, current, ofAnEmptyTable, withoutReadyJobs
        /// The plans were made before the jobs came.
        case plannedEarly
    }

    @Test(arguments: Walk.allCases, Statistics.allCases)
    func aClaimWalksAlongItsIndex(walk: Walk, statistics: Statistics) async throws {
        try await TestDatabase.run { database in
            let plans = Mutex<[String]>([])
            var options = database.options
            options.onNotice = { message in
                if message.message.contains("Query Text") { plans.withLock { $0.append(message.message) } }
            }
            let connection = try await Connection.connect(options)
            let worker: Int64 = try await connection.query(
                "SELECT worker_id FROM glimpq.register_v1('t', 1, 't', 64, '{default}', '{demo}')"
            ).one().get(0)
            func claim() async throws -> Int {
                try await connection.query(
                    prepared: "SELECT job_id FROM glimpq.claim_v2($1, 10, '{default}', '{demo}'\(walk.arguments))",
                    [worker]
                ).count
            }
            try await connection.run(
                script: "ALTER TABLE glimpq.job SET (autovacuum_enabled = off); \(walk.setup)")
            switch statistics {
            case .none, .current: break
            case .ofAnEmptyTable: try await connection.run(script: "ANALYZE glimpq.job")
            case .withoutReadyJobs:
                try await connection.run(
                    script: """
                        INSERT INTO glimpq.job (prompt, state, finished_at)
                        SELECT 'p', 'cancelled', now() FROM generate_series(1, 3000);
                        ANALYZE glimpq.job;
                        """)
            case .plannedEarly: for _ in 1...8 { #expect(try await claim() == 0) }
            }
            try await connection.run(
                script: """
                    INSERT INTO glimpq.job (prompt, priority, tenant, run_at)
                    SELECT 'p' || n, (n % 7)::smallint, nullif('t' || n % 20, 't0'), now() - interval '1 second'
                    FROM generate_series(1, 20000) n;
                    """)
            if statistics == .current { try await connection.run(script: "ANALYZE glimpq.job") }
            try await connection.run(
                script: """
                    LOAD 'auto_explain';
                    SET auto_explain.log_min_duration = 0;
                    SET auto_explain.log_nested_statements = on;
                    SET auto_explain.log_analyze = on;
                    SET client_min_messages = log;
                    """)
            // More calls than it takes the server to switch to a generic plan.
            for call in 1...8 { #expect(try await claim() == 10, "call \(call)") }
            let seen = plans.withLock { $0 }.filter { $0.contains(" on job j") }
            let walks = seen.filter { $0.contains("FOR NO KEY UPDATE SKIP LOCKED") && $0.contains("crash_suspect < 2") }
            let updates = seen.filter { $0.contains("UPDATE job j") }
            #expect(walks.count >= 8 && updates.count == 8)
            for plan in walks { #expect(plan.contains("Index Scan using \(walk.index) on job"), "\(plan)") }
            for plan in updates { #expect(plan.contains("Index Scan using job_pkey on job"), "\(plan)") }
            for plan in seen {
                // Every job that a statement meets it finds by an index, and no more of them than it needs.
                for trap in ["Sort Key", "Seq Scan on job", "Bitmap", "Hash Join", "Merge Join", "Memoize"] {
                    #expect(!plan.contains(trap), "\(trap) in \(plan)")
                }
                for match in plan.matches(of: /Rows Removed by (?:Filter|Index Recheck): (\d+)/) {
                    #expect((Int(match.1) ?? 0) <= 1, "\(plan)")
                }
            }
            await connection.close()
        }
    }

    @Test func noMoreThanAskedWhateverJoinThePlannerIsLeft() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(5)
            let worker = try await queue.register()
            try await queue.sql.run(
                script: "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off")
            let claimed = try await queue.sql.query(
                "SELECT * FROM glimpq.claim_v2($1, 1, '{default}', '{demo}')", [worker])
            #expect(claimed.count == 1)
            #expect(try await queue.count("glimpq.job WHERE state = 'running'") == 1)
        }
    }

    /// On a table of a few thousand rows the planner would rather read all of it than look a job up.
    @Test func aResultLooksUpItsJob() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(5000)
            try await queue.sql.run(
                script: """
                    ANALYZE glimpq.job;
                    DO $$ BEGIN
                        EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
                        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
                        EXECUTE format('ALTER DATABASE %I SET auto_explain.log_nested_statements = on', current_database());
                        EXECUTE format('ALTER DATABASE %I SET client_min_messages = log', current_database());
                    END $$;
                    """)
            let plans = Mutex<[String]>([])
            var options = queue.database.options
            options.onNotice = { message in
                if message.message.contains("Query Text") { plans.withLock { $0.append(message.message) } }
            }
            let client = QueueClient(options, logger: QueueFixture.logger)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker, 9)
            // More calls than it takes the server to switch to a generic plan.
            for job in jobs.dropLast(2) {
                #expect(try await client.finish([queue.result(job.lease)]) == [job.lease: .accepted])
            }
            let failed = jobs[7].lease
            _ = try await client.fail([
                FailedJob(failed, error: .badInput, message: "m", decision: .fail, stepsWritten: 0, tokens: 0)
            ])
            #expect(try await client.release([ReleasedJob(jobs[8].lease)], worker: worker) == [jobs[8].lease.job])
            let lookups = plans.withLock { $0.filter { $0.contains("UPDATE job j") } }
            #expect(lookups.count == 9)
            for plan in lookups { #expect(!plan.contains("Seq Scan on job"), "\(plan)") }
            let results = lookups.filter { $0.contains("INSERT INTO result") }
            #expect(results.count == 7)
            for plan in results { #expect(plan.contains("Index Scan using job_pkey on job j"), "\(plan)") }
            await client.close()
        }
    }
}
