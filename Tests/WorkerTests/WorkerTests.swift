import Engine
import Postgres
import Queue
import Testing

@testable import Worker

@Suite struct WorkerTests {
    @Test func solvesAndGradesPlainlyInsertedJobs() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(20)
            let summary = try await fixture.worker().run()
            #expect(summary.done == 20 && summary.failed == 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'done'") == 20)
            #expect(try await fixture.count("SELECT FROM glimpq.result WHERE correct IS NOT NULL") == 20)
            // The pair solves most problems; which ones is for the evaluation to say.
            #expect(try await fixture.count("SELECT FROM glimpq.result WHERE correct") > 10)
            #expect(
                try await fixture.count(
                    "SELECT FROM glimpq.v_trace WHERE kind = 'thinking' AND h_init IS NOT NULL AND owner = 'slm'") > 20)
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.v_trace WHERE kind = 'thinking'
                        AND (owner = 'llm') <> (h_init > threshold)
                    """) == 0)
        }
    }

    @Test func anUnknownPairFailsAloneAndAMissingOneWaits() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(2)
            try await fixture.sql.query(
                "INSERT INTO glimpq.job (prompt, pair) VALUES ('1 + 1 ?', 'dmeo'), ('1 + 1 ?', 'big')")
            // A worker with that pair has been seen once.
            try await fixture.sql.query("SELECT glimpq.register_v1('h', 1, 'v', 1, '{default}', '{big}')")
            let patient = try fixture.worker()
            #expect(try await patient.run().done == 2)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'ready'") == 2)
            try await fixture.sql.query(
                "UPDATE glimpq.setting SET value = 0 WHERE name = 'unknown_pair_patience_seconds'")
            _ = try await fixture.sql.query("SELECT glimpq.sweep_v1()")
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'ready' AND pair = 'big'") == 1)
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.attempt a JOIN glimpq.job j ON j.id = a.job_id
                    WHERE j.pair = 'dmeo' AND j.state = 'failed' AND a.error_class = 'bad_input'
                        AND a.error_message LIKE '%"dmeo"%demo%'
                    """) == 1)
        }
    }

    @Test func aPairBringsItsOwnThreshold() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(2, params: #"{"temperature": 0}"#)
            try await fixture.enqueue(1, params: #"{"temperature": 0, "tau": 0}"#)
            #expect(try await fixture.worker().run().done == 3)
            #expect(try await fixture.count("SELECT FROM glimpq.result WHERE strategy_params = '{\"tau\": 0.2}'") == 2)
            #expect(
                try await fixture.count(
                    "SELECT FROM glimpq.result r WHERE strategy_params = '{\"tau\": 0}' AND steps = llm_steps") == 1)
        }
    }

    @Test func oneSlotIsEnough() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(6)
            #expect(try await fixture.worker(slots: 1).run().done == 6)
        }
    }

    @Test func aSeedMayStandAmongTheParameters() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(2, params: #"{"temperature": 1, "seed": 7}"#)
            try await fixture.enqueue(1, params: #"{"seed": 1.5}"#)
            let summary = try await fixture.worker().run()
            #expect(summary.done == 2 && summary.failed == 1)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE seed = 7 AND state = 'done'") == 2)
        }
    }

    @Test func badJobsFailAlone() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(3)
            let bad: [(strategy: String, params: String, prompt: String, expected: String)] = [
                ("oracle", "{}", "What is 1234 / 12 ?", "strategy"),
                ("glimprouter", #"{"taw": 1}"#, "What is 1234 / 12 ?", "taw"),
                ("glimprouter", #"{"tau": "high"}"#, "What is 1234 / 12 ?", "tau"),
                ("llm", "{}", String(repeating: "9", count: 5_000), "context"),
            ]
            for job in bad {
                try await fixture.sql.query(
                    "INSERT INTO glimpq.job (prompt, strategy, params) VALUES ($1, $2, $3::text::jsonb)",
                    [job.prompt, job.strategy, job.params])
            }
            let summary = try await fixture.worker().run()
            #expect(summary.done == 3 && summary.failed == bad.count)
            let errors = try await fixture.sql.query(
                """
                SELECT a.error_class, a.error_message, j.state FROM glimpq.attempt a JOIN glimpq.job j ON j.id = a.job_id
                WHERE a.outcome = 'failed' ORDER BY j.id
                """)
            #expect(errors.count == bad.count)
            for (row, job) in zip(errors, bad) {
                let (cls, message, state): (String, String, String) = (
                    try row.get(0), try row.get(1), try row.get(2)
                )
                #expect(cls == "bad_input" && state == "failed")
                #expect(message.contains(job.expected), "\(message)")
            }
        }
    }

    @Test func aJobHandedBackGoesOnWhereItStoppedBitForBit() async throws {
        var calm: [String] = []
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(48)
            _ = try await fixture.worker().run()
            calm = try await fixture.content()
        }
        #expect(calm.count > 48 * 6)
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(48)
            var handedBack = 0
            for stop in [60, 240] {
                let worker = try fixture.worker(slots: 8) { $0.stopsWhenIdle = false }
                async let summary = worker.run()
                while try await fixture.count("SELECT FROM glimpq.step") < stop {
                    try await Task.sleep(for: .milliseconds(5))
                }
                await worker.handBack()
                handedBack += try await summary.handedBack
            }
            #expect(handedBack > 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'running'") == 0)
            _ = try await fixture.worker().run()
            #expect(try await fixture.content() == calm)
            // Steps that were done are taken over, not computed again.
            #expect(
                try await fixture.count(
                    """
                    SELECT FROM glimpq.attempt a WHERE a.resumed_at_step > 0 AND NOT EXISTS (
                        SELECT FROM glimpq.step s WHERE s.job_id = a.job_id AND s.epoch = a.epoch
                            AND s.seq < a.resumed_at_step)
                    """) > 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE attempt > 1") == 0)
        }
    }

    @Test func twoWorkersShareAndNoJobRunsTwice() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(40)
            let (a, b) = (try fixture.worker(slots: 8), try fixture.worker(slots: 8))
            async let first = a.run()
            async let second = b.run()
            let (x, y) = (try await first, try await second)
            #expect(x.done + y.done == 40)
            #expect(x.done > 0 && y.done > 0)
            #expect(try await fixture.count("SELECT FROM glimpq.attempt") == 40)
        }
    }

    @Test func aRunningJobIsCancelledWithinABeat() async throws {
        try await WorkerFixture.run { fixture in
            // The SLM alone, sampling at a high temperature, never finds an end by itself.
            try await fixture.sql.query(
                """
                INSERT INTO glimpq.job (prompt, strategy, params)
                VALUES ('What is 22819 / 41 ?', 'slm', '{"temperature": 100, "top_p": 1, "max_step_tokens": 8}')
                """)
            let worker = try fixture.worker { $0.stopsWhenIdle = false }
            async let summary = worker.run()
            while try await fixture.count("SELECT FROM glimpq.step") == 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await fixture.sql.query("SELECT glimpq.cancel(1)")
            while try await fixture.count("SELECT FROM glimpq.job WHERE state IN ('ready', 'running')") > 0 {
                try await Task.sleep(for: .milliseconds(5))
            }
            await worker.drain()
            #expect(try await summary.cancelled + summary.done == 1)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'running'") == 0)
        }
    }

    @Test func drainFinishesWhatIsInFlight() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.enqueue(40)
            let worker = try fixture.worker(slots: 8) {
                $0.stopsWhenIdle = false
                $0.drainGrace = .seconds(600)
            }
            async let summary = worker.run()
            while try await fixture.count("SELECT FROM glimpq.step") == 0 {
                try await Task.sleep(for: .milliseconds(2))
            }
            await worker.drain()
            let result = try await summary
            #expect(result.handedBack == 0 && result.done > 0)
            #expect(try await fixture.count("SELECT FROM glimpq.job WHERE state = 'running'") == 0)
            #expect(try await fixture.count("SELECT FROM glimpq.worker WHERE state = 'gone'") == 1)
        }
    }
}
