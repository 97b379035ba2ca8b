import Postgres
import Queue
import TestSupport
import Testing

@Suite struct RoleTests {
    /// Statements that a role must not run, by role.
    static let forbidden: [(role: String, statements: [String])] = [
        (
            "glimpq_producer",
            [
                "INSERT INTO glimpq.job (prompt, state, finished_at) VALUES ('x', 'cancelled', now())",
                "INSERT INTO glimpq.job (prompt, epoch) VALUES ('x', 7)",
                "INSERT INTO glimpq.job (prompt, created_at) VALUES ('x', now() - interval '1 year')",
                "UPDATE glimpq.job SET priority = 9", "DELETE FROM glimpq.job", "SELECT prompt FROM glimpq.job",
                "SELECT * FROM glimpq.result", "SELECT * FROM glimpq.step",
                "INSERT INTO glimpq.batch (name) VALUES ('x')",
                "SELECT * FROM glimpq.claim_v1(1, 1, '{default}', '{}')", "SELECT * FROM glimpq.finish_v1('[]')",
                "SELECT * FROM glimpq.finish_v3('[]')",
                "SELECT glimpq.pause()", "SELECT glimpq.purge(now())", "UPDATE glimpq.setting SET value = 0",
                "CREATE TABLE glimpq.mine (id int)", "SET ROLE glimpq_owner",
            ]
        ),
        (
            "glimpq_worker",
            [
                "INSERT INTO glimpq.job (prompt) VALUES ('x')", "UPDATE glimpq.job SET epoch = 9",
                "SELECT * FROM glimpq.job", "DELETE FROM glimpq.step", "UPDATE glimpq.step SET text = ''",
                "INSERT INTO glimpq.result SELECT * FROM glimpq.result", "UPDATE glimpq.worker SET lease_until = now()",
                "SELECT glimpq.retry(1)", "SELECT glimpq.pause()", "SELECT glimpq.purge(now())",
                "SELECT glimpq.claim_from_queue_v1(1, 1, 'default', '{}', false)", "SET ROLE glimpq_owner",
            ]
        ),
        (
            "glimpq_analyst",
            [
                "INSERT INTO glimpq.job (prompt) VALUES ('x')", "UPDATE glimpq.job SET priority = 1",
                "DELETE FROM glimpq.result", "SELECT glimpq.cancel(1)", "SELECT glimpq.retry(1)",
                "SELECT * FROM glimpq.claim_v1(1, 1, '{default}', '{}')",
                "INSERT INTO glimpq.step SELECT * FROM glimpq.step",
            ]
        ),
        ("glimpq_admin", ["DELETE FROM glimpq.job", "UPDATE glimpq.job SET epoch = 1", "DROP TABLE glimpq.step"]),
    ]

    @Test(arguments: forbidden.indices)
    func aRoleCannotDoWhatIsNotItsJob(_ index: Int) async throws {
        let (role, statements) = Self.forbidden[index]
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let connection = try await Connection.connect(try await queue.database.options(memberOf: role))
            for statement in statements {
                let error = await #expect(throws: PostgresError.self, "\(statement)") {
                    try await connection.query(statement)
                }
                #expect(error?.sqlState == "42501", "\(statement): \(error?.description ?? "")")
            }
            await connection.close()
        }
    }

    @Test func aWorkerRoleCanDoItsWholeJob() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(3)
            let options = try await queue.database.options(memberOf: "glimpq_worker")
            let client = QueueClient(options, logger: QueueFixture.logger)
            let worker = try await client.register(
                WorkerRegistration(host: "t", processID: 1, version: "t", capacity: 4, pairs: ["demo"]))
            let jobs = try await client.claim(worker: worker.id, limit: 3, queues: ["default"], pairs: ["demo"])
            let writer = TraceWriter(options, logger: QueueFixture.logger)
            try await writer.append(queue.step(jobs[0], 0))
            #expect(try await writer.flush(jobs[0].lease.job) == 0)
            #expect(try await client.beat(worker: worker.id, inFlight: 3)?.jobs.count == 3)
            #expect(try await client.loadResume(jobs.map(\.lease), worker: worker.id).isEmpty)
            #expect(try await client.finish([queue.result(jobs[0].lease)])[jobs[0].lease] == .accepted)
            let failure = FailedJob(jobs[1].lease, error: .badInput, message: "x", decision: .fail)
            #expect(try await client.fail([failure]).count == 1)
            #expect(try await client.release([ReleasedJob(jobs[2].lease)], worker: worker.id).count == 1)
            _ = try await client.sweep()
            try await client.leave(worker: worker.id)
            await writer.close()
            await client.close()
        }
    }

    @Test(arguments: ["glimpq_analyst", "glimpq_producer", "glimpq_admin"])
    func readersCanReadTheViews(role: String) async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                "INSERT INTO glimpq.job (batch_id, prompt) VALUES (glimpq.ensure_batch('b'), 'x')")
            let options = try await queue.database.options(memberOf: role)
            let reader = QueueReader(options, logger: QueueFixture.logger)
            // A view, for whoever reads in SQL.
            let views = try await Connection.connect(options)
            #expect(try await views.query("SELECT total FROM glimpq.v_batch_progress").one().get(0, as: Int.self) == 1)
            await views.close()
            #expect(try await reader.overview(batch: "b").total == 1)
            #expect(try await reader.overviews(newest: 5).count == 1)
            #expect(try await reader.depths().count == 1)
            #expect(try await reader.unserved().count == 1)
            #expect(try await reader.workers().isEmpty)
            #expect(try await reader.stuck().isEmpty)
            #expect(try await reader.health().count >= 7)
            #expect(try await reader.strategyReport().isEmpty)
            #expect(try await reader.whatIf(batch: nil, threshold: 1).isEmpty)
            #expect(try await reader.trace(1)?.prompt == "x")
            for try await _ in reader.results() { Issue.record("nothing has ended") }
            await reader.close()
        }
    }

    @Test func noFunctionIsOpenToEverybodyAndDefinersPinTheirSearchPath() async throws {
        try await QueueFixture.run { queue in
            let open: [String] = try await queue.sql.query(
                """
                SELECT p.oid::regprocedure::text FROM pg_proc p
                WHERE p.pronamespace = 'glimpq'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE')
                """
            ).map { try $0.get(0) }
            #expect(open == [])
            let loose: [String] = try await queue.sql.query(
                """
                SELECT p.oid::regprocedure::text FROM pg_proc p
                WHERE p.pronamespace = 'glimpq'::regnamespace
                    AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, glimpq, pg_temp'], false)
                """
            ).map { try $0.get(0) }
            #expect(loose == [])
            let foreign: [String] = try await queue.sql.query(
                """
                SELECT c.relname::text FROM pg_class c
                WHERE c.relnamespace = 'glimpq'::regnamespace AND c.relowner <> 'glimpq_owner'::regrole
                """
            ).map { try $0.get(0) }
            #expect(foreign == [])
        }
    }

    @Test func aHostileSearchPathChangesNothing() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            try await queue.sql.run(
                script: """
                    CREATE SCHEMA evil;
                    CREATE TABLE evil.job AS SELECT * FROM glimpq.job WITH NO DATA;
                    CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT ''1970-01-01''::timestamptz';
                    SET search_path = evil, pg_catalog;
                    """)
            let claimed = try await queue.sql.query(
                "SELECT * FROM glimpq.claim_v1($1, 1, '{default}', '{demo}')", [worker])
            #expect(claimed.count == 1)
            try await queue.sql.run(script: "RESET search_path")
        }
    }
}
