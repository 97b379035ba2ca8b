import Postgres
import Queue
import TestSupport
import Testing

@Suite struct FailureTests {
    private func fail(
        _ queue: QueueFixture, _ job: ClaimedJob, _ error: FailureClass, after delay: Duration? = nil
    ) async throws -> String? {
        let decision = delay.map { RetryPolicy.Decision.retry(after: $0) } ?? .fail
        let states = try await queue.client.fail(
            [FailedJob(job.lease, error: error, message: "it broke\0", decision: decision)])
        return states[job.lease.job]
    }

    @Test func badInputFailsAtOnceAndAlone() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(2)
            let jobs = try await queue.claim(try await queue.register())
            #expect(try await fail(queue, jobs[0], .badInput, after: .seconds(1)) == "failed")
            #expect(try await queue.state(jobs[1].lease.job) == "running")
            let row = try await queue.sql.query(
                "SELECT * FROM glimpq.v_job WHERE job_id = $1", [jobs[0].lease.job]
            ).one()
            #expect(try row.get("last_error_class", as: String.self) == "bad_input")
            #expect(try row.get("last_error_message", as: String.self) == "it broke\u{FFFD}")
        }
    }

    @Test func transientFailuresSpendAttemptsThenFail() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            for attempt in 1...3 {
                let job = try #require(try await queue.claim(worker).first)
                #expect(job.attempt == attempt)
                let state = try await fail(queue, job, .modelTransient, after: .milliseconds(1))
                #expect(state == (attempt < 3 ? "delayed" : "failed"))
                try await Task.sleep(for: .milliseconds(5))
                _ = try await queue.client.sweep()
            }
            #expect(try await queue.claim(worker).isEmpty)
        }
    }

    @Test func infrastructureFailuresSpendTheirOwnBudget() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            for number in 1...10 {
                let job = try #require(try await queue.claim(worker).first)
                #expect(job.attempt == 1)
                #expect(try await fail(queue, job, .infra, after: .zero) == (number < 10 ? "ready" : "failed"))
            }
        }
    }

    @Test func aDrainRefundsTheAttempt() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(2)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker)
            try await queue.sql.query("SELECT glimpq.cancel($1)", [jobs[1].lease.job])
            let released = try await queue.client.release(
                jobs.map { ReleasedJob($0.lease, stepsWritten: 4) }, worker: worker)
            #expect(released.sorted() == jobs.map(\.lease.job))
            #expect(try await queue.state(jobs[1].lease.job) == "cancelled")
            let again = try #require(try await queue.claim(worker).first)
            #expect(again.lease == JobLease(job: jobs[0].lease.job, epoch: 2))
            #expect(again.attempt == 1)
            let attempt = try await queue.sql.query(
                "SELECT outcome, steps_written FROM glimpq.attempt WHERE job_id = $1 AND epoch = 1", [again.lease.job]
            ).one()
            #expect(try attempt.get("outcome", as: String.self) == "released")
            #expect(try attempt.get("steps_written", as: Int.self) == 4)
        }
    }

    @Test func cancellingWorksInEveryState() async throws {
        try await QueueFixture.run { queue in
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            let ids = try await queue.enqueue(5)
            let worker = try await queue.register()
            let running = try await queue.claim(worker, 2)
            try await queue.sql.query("SELECT glimpq.hold($1)", [[ids[2]]])
            try await queue.sql.query(
                "UPDATE glimpq.job SET state = 'delayed', run_at = now() + interval '1 hour' WHERE id = $1", [ids[3]])
            for id in ids[2...] { #expect(try await control.cancel(id) == .cancelled) }
            #expect(try await control.cancel(ids[2]) == .already("cancelled"))
            #expect(try await control.cancel(12345) == .unknown)

            // A running job: the beat tells, the worker carries it out; a result that is ready first wins.
            for job in running { #expect(try await control.cancel(job.lease.job) == .cancelling) }
            let beat = try #require(try await queue.client.beat(worker: worker, inFlight: 2))
            #expect(beat.jobs.allSatisfy(\.cancelRequested) && beat.jobs.count == 2)
            #expect(try await queue.client.fail([.cancelled(running[0].lease)]) == [ids[0]: "cancelled"])
            #expect(try await queue.client.finish([queue.result(running[1].lease)])[running[1].lease] == .accepted)
            #expect(try await control.cancel(ids[1]) == .already("done"))
            #expect(try await queue.client.finish([queue.result(running[0].lease)])[running[0].lease] == .stale)
            await control.close()
        }
    }

    @Test func aBatchIsCancelledInPieces() async throws {
        try await QueueFixture.run { queue in
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (batch_id, prompt)
                    SELECT glimpq.ensure_batch('big'), 'p' FROM generate_series(1, 6000)
                    """)
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 10).count == 10)
            let total = try await control.cancelBatch("big")
            #expect(total.cancelled == 5990 && total.cancelling == 10)
            await #expect(throws: QueueError.unknownBatch("none")) { try await control.cancelBatch("none") }
            await control.close()
        }
    }

    @Test func retryingGivesFreshBudgets() async throws {
        try await QueueFixture.run { queue in
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            try await queue.enqueue(2)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker)
            _ = try await fail(queue, jobs[0], .badInput)
            _ = try await queue.client.finish([queue.result(jobs[1].lease)])
            #expect(try await control.retry(jobs[1].lease.job) == false)
            #expect(try await control.retryFailed(error: "deadline") == 0)
            #expect(try await control.retryFailed(error: "bad_input") == 1)
            let again = try #require(try await queue.claim(worker).first)
            #expect(again.attempt == 1 && again.lease.epoch == 2)
            await control.close()
        }
    }
}
