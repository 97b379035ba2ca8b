import Postgres
import Queue
import TestSupport
import Testing

@Suite struct RescueTests {
    @Test func aKilledWorkersJobsGoBackWithoutLosingAnAttempt() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(5)
            let dead = try await queue.register()
            let alive = try await queue.register()
            let lost = try await queue.claim(dead, 3)
            #expect(try await queue.claim(alive, 1).count == 1)
            try await queue.kill(dead)
            let report = try await queue.client.sweep()
            #expect(report.workersLost == 1 && report.requeued == 3)
            #expect(try await queue.client.sweep().requeued == 0)
            let again = try await queue.claim(alive, 10)
            #expect(again.count == 4)
            for job in lost {
                #expect(again.contains { $0.lease == JobLease(job: job.lease.job, epoch: 2) && $0.attempt == 1 })
            }
            #expect(try await queue.client.beat(worker: dead, inFlight: 3) == nil)
            #expect(try await queue.client.beat(worker: alive, inFlight: 5)?.jobs.count == 5)
        }
    }

    @Test func aJobThatKillsItsWorkersRunsAloneAndIsThenQuarantined() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(4)
            let poison = ids[1]
            for death in 1...2 {  // all four are in flight; nobody knows who did it
                let worker = try await queue.register()
                let jobs = try await queue.claim(worker)
                #expect(jobs.count == 4 && jobs.allSatisfy { !$0.isIsolated })
                if death == 1 {  // the others make progress in the first life, so they are not blamed twice
                    try await queue.write(jobs.filter { $0.lease.job != poison }.map { queue.step($0, 0) })
                }
                try await queue.kill(worker)
                _ = try await queue.client.sweep()
            }
            // Now the suspects run alone, one by one.
            var finished: [Int64] = []
            var isolated = 0
            for _ in 0..<10 {
                let worker = try await queue.register()
                let jobs = try await queue.claim(worker)
                if jobs.isEmpty { break }
                if jobs.contains(where: \.isIsolated) {
                    isolated += 1
                    #expect(jobs.count == 1)
                    #expect(try await queue.claim(worker).isEmpty, "nothing else beside a suspect")
                }
                if jobs.contains(where: { $0.lease.job == poison }) {
                    try await queue.kill(worker)
                    _ = try await queue.client.sweep()
                } else {
                    _ = try await queue.client.finish(jobs.map { queue.result($0.lease) })
                    finished += jobs.map(\.lease.job)
                }
            }
            #expect(isolated >= 1)
            #expect(finished.sorted() == ids.filter { $0 != poison })
            #expect(try await queue.state(poison) == "quarantined")
        }
    }

    @Test func aWorkerIsEmptiedForASuspectThatWaitsTooLong() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(3)
            let first = try await queue.register()
            let second = try await queue.register()
            let running = try #require(try await queue.claim(first, 1).first)
            try await queue.sql.query(
                "UPDATE glimpq.job SET crash_suspect = 2, run_at = now() - interval '2 minutes' WHERE id = $1", [ids[1]]
            )
            #expect(try await queue.claim(first, 1).isEmpty, "the oldest worker empties itself")
            let other = try #require(try await queue.claim(second, 1).first)
            #expect(other.isIsolated && other.lease.job == ids[1], "an empty worker takes the suspect at once")
            #expect(try await queue.claim(first, 1).map(\.lease.job) == [ids[2]])
            _ = running
        }
    }

    @Test func aJobFarPastItsDeadlineIsTakenFromALiveWorker() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query("INSERT INTO glimpq.job (prompt, timeout) VALUES ('p', '1 second')")
            let worker = try await queue.register()
            let job = try #require(try await queue.claim(worker).first)
            #expect(try #require(job.remaining) <= .seconds(1))
            try await queue.sql.query("UPDATE glimpq.job SET deadline_at = now() - interval '5 seconds'")
            let beat = try #require(try await queue.client.beat(worker: worker, inFlight: 1))
            #expect(try #require(beat.jobs.first?.remaining) < .zero)
            #expect(try await queue.client.sweep().requeued == 0, "its worker has a grace time")
            try await queue.sql.query("UPDATE glimpq.job SET deadline_at = now() - interval '1 hour'")
            #expect(try await queue.client.sweep().requeued == 1)
            #expect(try #require(try await queue.claim(worker).first).attempt == 2)
        }
    }

    @Test func jobsOfAWorkerThatLeftGoBackWithoutSuspicion() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(1)
            let worker = try await queue.register()
            _ = try await queue.claim(worker)
            try await queue.client.leave(worker: worker)
            #expect(try await queue.client.sweep().requeued == 1)
            #expect(try await queue.count("glimpq.job WHERE id = $1 AND crash_suspect = 0", [ids[0]]) == 1)
        }
    }

    @Test func sweepersAtOnceRescueEachJobOnce() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(200)
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 200).count == 200)
            try await queue.kill(worker)
            let rescued = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let client = QueueClient(queue.database.options, logger: QueueFixture.logger)
                        defer { Task { await client.close() } }
                        return try await client.sweep().requeued
                    }
                }
                return try await group.reduce(0, +)
            }
            let rest = try await queue.client.sweep().requeued
            #expect(rescued + rest == 200)
            #expect(try await queue.count("glimpq.job WHERE infra_fails = 1 AND state = 'ready'") == 200)
        }
    }

    /// The claim began before the job was given back and gets it afterwards; by the invariants no two attempts overlap.
    @Test func anAttemptBeginsWhenItsClaimHasTheJob() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let second = try await queue.register()
            let job = try #require(try await queue.claim(first).first)
            let late = try await queue.database.connect()
            try await late.run(script: "BEGIN; SELECT now()")
            try await queue.client.release([ReleasedJob(job.lease)], worker: first)
            let claimed = try await late.query(
                "SELECT * FROM glimpq.claim_v2($1, 1, '{default}', '{demo}')", [second])
            #expect(claimed.count == 1)
            try await late.run(script: "COMMIT")
            await late.close()
        }
    }
}
