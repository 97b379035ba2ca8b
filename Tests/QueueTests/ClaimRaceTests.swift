import Postgres
import Queue
import TestSupport
import Testing

/// Claims beside claims of older workers, and beside cancellations.
@Suite struct ClaimRaceTests {
    @Test func oldAndNewClaimsShareNoJob() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(600)
            let claimed = try await Claimers.each(8, queue) { client, worker in
                var mine: [Int64] = []
                // Every other worker is of the release before this function.
                guard worker.isMultiple(of: 2) else {
                    let connection = try await queue.database.connect()
                    while true {
                        let jobs: [Int64] = try await connection.query(
                            "SELECT job_id FROM glimpq.claim_v1($1, 7, '{default}', '{demo}')", [worker]
                        ).map { try $0.get(0) }
                        if jobs.isEmpty { break }
                        mine += jobs
                    }
                    await connection.close()
                    return mine
                }
                while true {
                    let jobs = try await client.claim(worker: worker, limit: 7, queues: ["default"], pairs: ["demo"])
                    if jobs.isEmpty { return mine }
                    mine += jobs.map(\.lease.job)
                }
            }
            #expect(claimed.sorted() == ids)
        }
    }

    @Test func whatACancellationSaysComesTrue() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(200)
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            async let finished = Claimers.each(4, queue) { client, worker in
                var mine: [Int64] = []
                while true {
                    let jobs = try await client.claim(worker: worker, limit: 5, queues: ["default"], pairs: ["demo"])
                    if jobs.isEmpty { return mine }
                    let verdicts = try await client.finish(jobs.map { queue.result($0.lease) })
                    mine += jobs.map(\.lease).filter { verdicts[$0] == .accepted }.map(\.job)
                    for lease in jobs.map(\.lease) where verdicts[lease] == .stale {
                        _ = try await client.fail([.cancelled(lease, stepsWritten: 0, tokens: 0)])
                    }
                }
            }
            var answers: [Int64: JobControl.Cancellation] = [:]
            for id in ids.reversed() { answers[id] = try await control.cancel(id) }
            let done = try await finished
            #expect(Set(done).count == done.count)
            for id in ids {
                let state = try await queue.state(id)
                switch answers[id] {
                case .cancelled: #expect(state == "cancelled" && !done.contains(id))
                case .already(let earlier): #expect(state == earlier && done.contains(id) == (earlier == "done"))
                case .cancelling: #expect(state == (done.contains(id) ? "done" : "cancelled"))
                case .unknown, nil: Issue.record("job \(id): \(String(describing: answers[id]))")
                }
            }
            await control.close()
        }
    }

    @Test func aBatchThatIsCancelledWhileItIsClaimedLeavesNothingBehind() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                """
                INSERT INTO glimpq.job (batch_id, prompt)
                SELECT glimpq.ensure_batch('b'), 'p' FROM generate_series(1, 3000)
                """)
            let control = JobControl(queue.database.options, logger: QueueFixture.logger)
            async let claimed = Claimers.drain(queue, claimers: 4, limit: 20)
            let count = try await control.cancelBatch("b")
            let held = try await claimed
            #expect(count.cancelled + count.cancelling == 3000 && count.cancelling == held.count)
            #expect(try await queue.count("glimpq.job WHERE state NOT IN ('cancelled', 'running')") == 0)
            #expect(try await queue.count("glimpq.job WHERE state = 'running' AND cancel_requested_at IS NULL") == 0)
            await control.close()
        }
    }

    @Test func aDelayedJobIsDueWhileABacklogWaits() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                """
                INSERT INTO glimpq.job (prompt, priority, run_at)
                SELECT 'later', 5, now() + interval '1 hour' FROM generate_series(1, 2500)
                """)
            try await queue.enqueue(50)
            _ = try await queue.client.sweep()
            #expect(try await queue.count("glimpq.job WHERE state = 'delayed'") == 2500, "one sweep moves them all")
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 5).map(\.priority) == [0, 0, 0, 0, 0])
            try await queue.sql.query("UPDATE glimpq.job SET run_at = now() WHERE priority = 5 AND id % 2 = 0")
            #expect(try await queue.client.sweep().promoted == 1250)
            // A new client remembers no start, so that it sees them at once.
            let fresh = QueueClient(queue.database.options, logger: QueueFixture.logger)
            let jobs = try await fresh.claim(worker: worker, limit: 5, queues: ["default"], pairs: ["demo"])
            #expect(jobs.map(\.priority) == [5, 5, 5, 5, 5])
            await fresh.close()
        }
    }
}
