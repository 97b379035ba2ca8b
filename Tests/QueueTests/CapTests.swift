import Postgres
import Queue
import TestSupport
import Testing

/// How many jobs of a queue or a tenant run at once.
@Suite struct CapTests {
    private func running(_ queue: QueueFixture, _ tenant: String) async throws -> Int {
        try await queue.count("glimpq.job WHERE state = 'running' AND coalesce(tenant, '') = $1", [tenant])
    }

    @Test func aQueueRunsNoMoreThanItsCap() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(20)
            try await queue.sql.query("SELECT glimpq.limit_queue('default', 5)")
            let one = try await queue.register()
            let other = try await queue.register()
            let jobs = try await queue.claim(one, 3)
            #expect(jobs.count == 3)
            #expect(try await queue.claim(other, 9).count == 2)
            #expect(try await queue.claim(one, 9).isEmpty)
            _ = try await queue.client.finish([queue.result(jobs[0].lease)])
            #expect(try await queue.claim(other, 9).count == 1)
            try await queue.sql.query("SELECT glimpq.limit_queue('default', NULL)")
            #expect(try await queue.claim(other, 9).count == 9)
        }
    }

    @Test func anotherQueueIsNotHeldUp() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(3)
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, queue) SELECT 'p', 'open' FROM generate_series(1, 3);
                    SELECT glimpq.limit_queue('default', 1);
                    """)
            let worker = try await queue.register(queues: ["default", "open"])
            let jobs = try await queue.client.claim(
                worker: worker, limit: 10, queues: ["default", "open"], pairs: ["demo"])
            #expect(jobs.map(\.queue).sorted() == ["default", "open", "open", "open"])
        }
    }

    @Test func eachTenantHasItsCapAndSomeTheirOwn() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, tenant)
                    SELECT 'p', t FROM unnest(ARRAY['a', 'b', 'c', NULL]) t, generate_series(1, 9);
                    SELECT glimpq.limit_queue('default', NULL, 2);
                    SELECT glimpq.limit_tenant('default', 'b', 4);
                    SELECT glimpq.limit_tenant('default', 'c', 0);
                    SELECT glimpq.limit_tenant('default', NULL, 1);
                    """)
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 3).count == 3)
            #expect(try await queue.claim(worker, 30).count == 4)
            #expect(try await queue.claim(worker, 30).isEmpty)
            #expect(try await running(queue, "a") == 2)
            #expect(try await running(queue, "b") == 4)
            #expect(try await running(queue, "c") == 0)
            #expect(try await running(queue, "") == 1)
            try await queue.sql.query("SELECT glimpq.limit_tenant('default', 'c', NULL)")
            #expect(try await queue.claim(worker, 30).count == 2)
            #expect(try await running(queue, "c") == 2)
        }
    }

    /// The last place of a cap goes to one claim only, however many ask at once.
    @Test func capsHoldUnderConcurrentClaims() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, tenant)
                    SELECT 'p', 't' || n % 5 FROM generate_series(1, 600) n;
                    SELECT glimpq.limit_queue('default', 12, 4);
                    CREATE TABLE excess (kind text, running bigint);
                    GRANT ALL ON excess TO PUBLIC;
                    -- Sees each claim as it is about to commit, with everything committed before.
                    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
                    DECLARE n bigint;
                    BEGIN
                        SELECT count(*) INTO n FROM glimpq.job WHERE state = 'running';
                        IF n > 12 THEN INSERT INTO excess VALUES ('queue', n); END IF;
                        SELECT max(c) INTO n FROM
                            (SELECT count(*) c FROM glimpq.job WHERE state = 'running' GROUP BY tenant) t;
                        IF n > 4 THEN INSERT INTO excess VALUES ('tenant', n); END IF;
                        RETURN NULL;
                    END $$;
                    CREATE TRIGGER watch AFTER UPDATE ON glimpq.job FOR EACH STATEMENT EXECUTE FUNCTION watch();
                    """)
            let done = try await Claimers.each(8, queue) { client, worker in
                var mine: [Int64] = []
                while true {
                    let jobs = try await client.claim(worker: worker, limit: 3, queues: ["default"], pairs: ["demo"])
                    _ = try await client.finish(jobs.map { queue.result($0.lease) })
                    mine += jobs.map(\.lease.job)
                    // A worker that meets full caps comes back until nothing is left.
                    if jobs.isEmpty, try await !client.hasOpenJobs(queues: ["default"], pairs: ["demo"]) { return mine }
                }
            }
            #expect(done.count == 600 && Set(done).count == 600)
            #expect(try await queue.count("excess") == 0)
        }
    }

    @Test func aCrashSuspectKeepsAPlaceUnderTheCap() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(8)
            try await queue.sql.query("SELECT glimpq.limit_queue('default', 2)")
            let one = try await queue.register()
            let other = try await queue.register()
            let held = try await queue.claim(one, 2)
            try await queue.sql.query(
                "UPDATE glimpq.job SET crash_suspect = 2, run_at = now() - interval '10 minutes' WHERE id = $1",
                [ids[7]])
            _ = try await queue.client.beat(worker: one, inFlight: 2)
            _ = try await queue.client.finish([queue.result(held[0].lease)])
            // One place is free; it is the suspect's, which an empty worker takes.
            #expect(try await queue.claim(one, 5).isEmpty)
            let suspects = try await queue.claim(other, 5)
            #expect(suspects.map(\.lease.job) == [ids[7]])
            #expect(suspects.first?.isIsolated == true)
            #expect(try await queue.count("glimpq.job WHERE state = 'running'") == 2)
        }
    }

    @Test func switchesRefuseNonsense() async throws {
        try await QueueFixture.run { queue in
            let refused = [
                ("SELECT glimpq.limit_queue('default', -1)", "23514"),
                ("SELECT glimpq.limit_tenant('default', 't', -1)", "23514"),
                ("SELECT glimpq.limit_queue('', 1)", "23514"),
                (#"SELECT glimpq.configure_queue('default', '{"max_runing": 1}')"#, "22023"),
                (#"SELECT glimpq.configure_queue('default', '{"ageing": "0 seconds"}')"#, "23514"),
                (#"SELECT glimpq.configure_queue('default', '{"max_running": "many"}')"#, "22P02"),
            ]
            for (statement, state) in refused {
                let error = await #expect(throws: PostgresError.self, "\(statement)") {
                    try await queue.sql.query(statement)
                }
                #expect(error?.sqlState == state, "\(statement): \(error?.description ?? "")")
            }
            // What is not named stays.
            try await queue.sql.run(
                script: """
                    SELECT glimpq.configure_queue('q', '{"max_running": 7, "note": "n", "default_timeout": "1 hour"}');
                    SELECT glimpq.configure_queue('q', '{"max_running": null, "ageing": "10 minutes"}');
                    """)
            #expect(
                try await queue.count(
                    """
                    glimpq.v_queue WHERE queue = 'q' AND max_running IS NULL AND note = 'n' AND NOT fair
                    AND default_timeout = interval '1 hour' AND ageing = interval '10 minutes'
                    """) == 1)
        }
    }
}
