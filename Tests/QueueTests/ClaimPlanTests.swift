import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

/// The claim must walk along `job_ready` whatever the statistics say; `auto_explain` shows the plan that the function
/// really runs.
@Suite struct ClaimPlanTests {
    @Test(arguments: [false, true])
    func aClaimWalksAlongItsIndex(analyzed: Bool) async throws {
        try await TestDatabase.run { database in
            let plans = Mutex<[String]>([])
            var options = database.options
            options.onNotice = { message in
                if message.message.contains("FOR NO KEY UPDATE") { plans.withLock { $0.append(message.message) } }
            }
            let connection = try await Connection.connect(options)
            try await connection.run(
                script: """
                    INSERT INTO glimpq.job (prompt, priority, run_at)
                    SELECT 'p' || n, (n % 7)::smallint, now() - interval '1 second' FROM generate_series(1, 120000) n;
                    """)
            if analyzed { try await connection.run(script: "ANALYZE glimpq.job") }
            try await connection.run(
                script: """
                    LOAD 'auto_explain';
                    SET auto_explain.log_min_duration = 0;
                    SET auto_explain.log_nested_statements = on;
                    SET auto_explain.log_analyze = on;
                    SET client_min_messages = log;
                    """)
            let worker: Int64 = try await connection.query(
                "SELECT worker_id FROM glimpq.register_v1('t', 1, 't', 64, '{default}', '{demo}')"
            ).one().get(0)
            // More calls than it takes the server to switch to a generic plan.
            for call in 1...8 {
                let jobs = try await connection.query(
                    prepared: "SELECT job_id FROM glimpq.claim_v1($1, 10, '{default}', '{demo}')", [worker])
                #expect(jobs.count == 10, "call \(call)")
            }
            let seen = plans.withLock { $0 }
            #expect(seen.count == 8)
            for plan in seen {
                #expect(plan.contains("Index Scan using job_ready on job"), "\(plan)")
                #expect(
                    !plan.contains("Sort") && !plan.contains("Seq Scan on job") && !plan.contains("Bitmap"), "\(plan)")
                #expect(plan.contains("Index Scan using job_pkey"), "\(plan)")
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
                "SELECT * FROM glimpq.claim_v1($1, 1, '{default}', '{demo}')", [worker])
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
            let lookups = plans.withLock { $0.filter { $0.contains("FOR NO KEY UPDATE OF j") } }
            #expect(lookups.count == 9)
            for plan in lookups { #expect(!plan.contains("Seq Scan on job"), "\(plan)") }
            await client.close()
        }
    }
}
