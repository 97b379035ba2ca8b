import Logging
import Postgres
import Queue
import TestSupport
import Testing

/// Registration, protocols, models, and workers of an earlier release beside those of this one.
@Suite struct FleetTests {
    private static func registration(_ pair: String, fingerprint: String? = nil) -> WorkerRegistration {
        WorkerRegistration(
            host: "test", processID: 1, version: "test", capacity: 8, pairs: [pair], defaultPair: pair,
            models: fingerprint.map {
                """
                {"\(pair)": {"slm": {"name": "demo-slm", "fingerprint": "\($0)"}, \
                "llm": {"name": "demo-llm", "fingerprint": "\($0)"}}}
                """
            })
    }

    @Test func aWorkerThatIsTooOldGetsNoNumber() async throws {
        try await QueueFixture.run { queue in
            let needed = Int(WorkerRegistration.protocolVersion) + 1
            try await queue.sql.query(
                "UPDATE glimpq.setting SET value = $1 WHERE name = 'min_worker_protocol'", [needed])
            await #expect(throws: QueueError.workerTooOld(protocol: needed - 1, needed: needed)) {
                try await queue.register()
            }
            let error = await #expect(throws: PostgresError.self) {
                try await queue.sql.query("SELECT glimpq.register_v1('h', 1, '0.1', 4, '{default}', '{demo}')")
            }
            #expect(error?.sqlState == "GQ002")
            #expect(try await queue.count("glimpq.worker") == 0)
        }
    }

    @Test func oldAndNewWorkersShareAQueue() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(6)
            let new = try await queue.register()
            let old: Int64 = try await queue.sql.query(
                "SELECT worker_id FROM glimpq.register_v1('h', 1, '0.1', 4, '{default}', '{demo}')"
            ).one().get(0)
            #expect(try await queue.claim(new, 2).count == 2)
            let claimed = try await queue.sql.query(
                "SELECT job_id, epoch FROM glimpq.claim_v1($1, 2, '{default}', '{demo}')", [old])
            let jobs: [Int64] = try claimed.map { try $0.get("job_id") }
            #expect(jobs.count == 2)
            #expect(
                try await queue.sql.query("SELECT * FROM glimpq.beat_v1($1, false, 2, '{}')", [old]).count == 2)
            // The old one dies; the new one goes on from its steps, and the other way round.
            let step = """
                INSERT INTO glimpq.step (job_id, epoch, seq, day, kind, owner, model, text, token_ids, rule, finish_reason)
                SELECT id, epoch, $2, (created_at AT TIME ZONE 'UTC')::date, 'thinking', 'slm', 'demo-slm', 'x', '{1}',
                    'fixed', 'delimiter' FROM glimpq.job WHERE id = $1
                """
            try await queue.sql.query(step, [jobs[0], Int32(0)])
            try await queue.kill(old)
            _ = try await queue.sql.query("SELECT glimpq.sweep_v1()")
            try await queue.sql.query("UPDATE glimpq.job SET state = 'held' WHERE state = 'ready' AND epoch = 0")
            let resumed = try await queue.claim(new, 2)
            #expect(resumed.map(\.lease.job) == jobs)
            #expect(try await queue.client.loadResume(resumed.map(\.lease), worker: new)[resumed[0].lease]?.count == 1)
            try await queue.sql.query(step, [jobs[0], Int32(1)])
            try await queue.kill(new)
            _ = try await queue.client.sweep()
            try await queue.sql.query("UPDATE glimpq.job SET crash_suspect = 0")  // not what this test is about
            let older: Int64 = try await queue.sql.query(
                "SELECT worker_id FROM glimpq.register_v1('h', 2, '0.1', 4, '{default}', '{demo}')"
            ).one().get(0)
            let again = try await queue.sql.query(
                "SELECT job_id, epoch FROM glimpq.claim_v1($1, 9, '{default}', '{demo}')", [older])
            #expect(again.count == 4)
            let epochs: [Int64] = try again.map { try $0.get("epoch") }
            let all: [Int64] = try again.map { try $0.get("job_id") }
            let steps = try await queue.sql.query(
                "SELECT * FROM glimpq.load_resume_v1($1, $2, $3)", [older, all, epochs])
            #expect(steps.count == 2)
            _ = try await queue.sql.query(
                """
                SELECT glimpq.finish_v1((SELECT json_agg(json_build_object('job_id', id, 'epoch', epoch, 'active_ns', 1,
                    'prompt_tokens', 1, 'steps', 2, 'llm_steps', 0, 'slm_tokens', 1, 'llm_tokens', 0,
                    'slm_discarded_tokens', 0, 'llm_discarded_tokens', 0, 'probe_tokens', 0, 'slm_prefill_tokens', 0,
                    'llm_prefill_tokens', 0, 'finish_reason', 'x', 'pair', 'demo', 'engine_version', '0.1', 'output', 'o'))
                    FROM glimpq.job WHERE state = 'running'))
                """)
            #expect(try await queue.count("glimpq.result") == 4)
            #expect(try await queue.count("glimpq.v_fleet WHERE protocol = 1 AND NOT too_old") == 1)
        }
    }

    @Test func stepsOfOtherModelsAreNotGoneOnFrom() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            var lives: [(registration: WorkerRegistration, taken: Int)] = [
                (Self.registration("demo", fingerprint: "a"), 0),
                (Self.registration("demo", fingerprint: "b"), 0),  // the weights behind the name have changed
                (Self.registration("big", fingerprint: "a"), 0),  // another default pair
                (Self.registration("demo", fingerprint: "a"), 2),  // goes on from its own, far back
            ]
            lives.append((Self.registration("demo", fingerprint: "a"), 3))
            for (registration, taken) in lives {
                let worker = try await queue.client.register(registration).id
                let job = try #require(
                    try await queue.client.claim(
                        worker: worker, limit: 1, queues: ["default"], pairs: registration.pairs
                    ).first)
                let steps = try await queue.client.loadResume([job.lease], worker: worker)[job.lease] ?? []
                #expect(steps.count == taken, "epoch \(job.lease.epoch)")
                let count = taken == 0 ? 2 : taken + 1
                try await queue.write((taken..<count).map { queue.step(job, Int32($0)) })
                try await queue.kill(worker)
                _ = try await queue.client.sweep()
            }
            #expect(
                try await queue.count("glimpq.v_attempt WHERE note LIKE 'does not go on from the 2 steps of epoch%'")
                    == 3
            )
            #expect(try await queue.count("glimpq.job WHERE attempt = 0 AND state = 'ready'") == 1)
        }
    }

    @Test func aResultIsNotStoredBeforeItsTrace() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(2)
            let jobs = try await queue.claim(try await queue.register())
            try await queue.write(jobs.map { queue.step($0, 0) })
            var results = jobs.map { queue.result($0.lease) }
            results[0].traceRows = 2
            results[1].traceRows = 1
            #expect(
                try await queue.client.finish(results) == [jobs[0].lease: .untraced, jobs[1].lease: .accepted])
            #expect(try await queue.state(jobs[0].lease.job) == "running")
            try await queue.write([queue.step(jobs[0], 1)])
            #expect(
                try await queue.client.finish(results) == [jobs[0].lease: .accepted, jobs[1].lease: .duplicate])
        }
    }

    @Test func aSuspectEmptiesAWorkerThatServesIt() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                "INSERT INTO glimpq.job (prompt, pair) SELECT 'x', CASE WHEN n = 1 THEN 'big' ELSE 'demo' END FROM generate_series(1, 4) n"
            )
            let turn = { (worker: Int64, pairs: [String]) async throws -> String in
                try await queue.sql.query(
                    "SELECT glimpq.isolation_turn_v1($1, '{default}', $2)", [worker, pairs]
                ).one().get(0)
            }
            // The worker with the lowest number does not serve the suspect's pair.
            let first = try await queue.register(pairs: ["demo"])
            let second = try await queue.register(pairs: ["demo", "big"])
            let third = try await queue.register(pairs: ["big"])
            #expect(try await queue.claim(first, 1).count == 1)
            for worker in [second, third] {
                try await queue.sql.query(
                    """
                    WITH j AS (INSERT INTO glimpq.job (prompt, state, epoch, worker_id, claimed_at)
                        VALUES ('busy', 'running', 1, $1, now()) RETURNING id)
                    INSERT INTO glimpq.attempt (job_id, epoch, worker_id, chain_epochs, chain_starts)
                    SELECT id, 1, $1, '{1}', '{0}' FROM j
                    """, [worker])
            }
            #expect(try await turn(second, ["demo", "big"]) == "open")
            try await queue.sql.query(
                "UPDATE glimpq.job SET crash_suspect = 2, run_at = now() - interval '2 minutes' WHERE pair = 'big'")
            #expect(try await turn(first, ["demo"]) == "open")
            #expect(try await turn(second, ["demo", "big"]) == "yield")
            #expect(try await turn(third, ["big"]) == "open")
            let empty = try await queue.register(pairs: ["big"])
            #expect(try await turn(empty, ["big"]) == "suspect")
            try await queue.sql.query("UPDATE glimpq.worker SET lease_until = now() WHERE id = $1", [second])
            #expect(try await turn(third, ["big"]) == "yield", "the next one, when the first has gone")
            try await queue.sql.query("SELECT glimpq.pause('default')")
            #expect(try await turn(third, ["big"]) == "open")
        }
    }
}
