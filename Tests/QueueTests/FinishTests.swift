import Postgres
import Queue
import TestSupport
import Testing

@Suite struct FinishTests {
    @Test func aResultIsStoredOnceHoweverOftenItIsSent() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let job = try #require(try await queue.claim(try await queue.register()).first)
            let result = queue.result(job.lease)
            #expect(try await queue.client.finish([result]) == [job.lease: .accepted])
            let again = queue.result(job.lease, output: "another text")
            #expect(try await queue.client.finish([again]) == [job.lease: .duplicate])
            let output: String = try await queue.sql.query("SELECT output FROM glimpq.result").one().get(0)
            #expect(output == "the answer is 4")
            #expect(try await queue.state(job.lease.job) == "done")
        }
    }

    @Test func aStaleEpochChangesNothing() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let old = try #require(try await queue.claim(first).first)
            try await queue.kill(first)
            #expect(try await queue.client.sweep().requeued == 1)
            let new = try #require(try await queue.claim(try await queue.register()).first)
            #expect(new.lease.epoch == old.lease.epoch + 1)
            #expect(try await queue.client.finish([queue.result(old.lease)]) == [old.lease: .stale])
            #expect(try await queue.client.fail([.cancelled(old.lease)]).isEmpty)
            #expect(try await queue.client.release([ReleasedJob(old.lease)], worker: first).isEmpty)
            #expect(try await queue.state(new.lease.job) == "running")
            #expect(try await queue.client.finish([queue.result(new.lease)]) == [new.lease: .accepted])
        }
    }

    @Test func aLateFinishIsWelcomeWhileNobodyElseHasTheJob() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            let job = try #require(try await queue.claim(worker).first)
            try await queue.kill(worker)
            _ = try await queue.client.sweep()
            #expect(try await queue.state(job.lease.job) == "ready")
            #expect(try await queue.client.finish([queue.result(job.lease)]) == [job.lease: .accepted])
            #expect(try await queue.state(job.lease.job) == "done")
            #expect(try await queue.client.beat(worker: worker, inFlight: 0) == nil)
        }
    }

    @Test func aBatchOfResultsWithStrayAndStaleOnes() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(50)
            let jobs = try await queue.claim(try await queue.register(), 50)
            let stray = JobLease(job: 999_999, epoch: 1)
            let stale = JobLease(job: jobs[0].lease.job, epoch: 9)
            let verdicts = try await queue.client.finish(
                jobs.dropFirst().map { queue.result($0.lease) } + [queue.result(stray), queue.result(stale)])
            #expect(verdicts.values.count { $0 == .accepted } == 49)
            #expect(verdicts[stray] == .stale)
            #expect(verdicts[stale] == .stale)
        }
    }

    @Test func everyFieldOfAResultArrives() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let job = try #require(try await queue.claim(try await queue.register()).first)
            var result = queue.result(job.lease, output: "a\0b \"quoted\" \\ 🙂\n")
            result.answer = "4"
            result.correct = true
            result.steps = 7
            result.llmSteps = 2
            result.slmTokens = 50
            result.llmTokens = 20
            result.strategyParams = #"{"threshold": 1.5}"#
            result.params = #"{"temperature": 0}"#
            result.slmParameters = 1_000_000
            result.thinkingStop = "thinking_end"
            result.stepsWritten = 8
            result.attemptTokens = 75
            result.traceRowsDropped = 8
            _ = try await queue.client.finish([result])
            let row = try await queue.sql.query(
                "SELECT r.*, a.steps_written, a.tokens FROM glimpq.result r JOIN glimpq.attempt a USING (job_id, epoch)"
            ).one()
            #expect(try row.get("output", as: String.self) == "a\u{FFFD}b \"quoted\" \\ 🙂\n")
            #expect(try row.get("answer", as: String.self) == "4")
            #expect(try row.get("correct", as: Bool.self))
            #expect(try row.get("steps", as: Int.self) == 7)
            #expect(try row.get("llm_tokens", as: Int.self) == 20)
            #expect(try row.get("strategy_params", as: String.self) == #"{"threshold": 1.5}"#)
            #expect(try row.get("params", as: String.self) == #"{"temperature": 0}"#)
            #expect(try row.get("slm_parameters", as: Int.self) == 1_000_000)
            #expect(try row.get("steps_written", as: Int.self) == 8)
            #expect(try row.get("tokens", as: Int.self) == 75)
            #expect(try row.get("llm_parameters", as: Int?.self) == nil)
        }
    }
}
