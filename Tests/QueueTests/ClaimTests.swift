import Postgres
import Queue
import TestSupport
import Testing

@Suite struct ClaimTests {
    @Test func aPlainInsertIsEnough() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(3)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker)
            #expect(jobs.map(\.lease.job) == ids)
            let first = try #require(jobs.first)
            #expect(first.lease.epoch == 1)
            #expect(first.prompt == "problem 1")
            #expect(first.strategy == "glimprouter")
            #expect(first.params == "{}")
            #expect(first.attempt == 1)
            #expect(first.seed == UInt64(ids[0]))
            #expect(first.mayResume == false)
            #expect(try await queue.claim(worker).isEmpty)
        }
    }

    @Test func aClaimTakesNoMoreThanAskedAndKeepsTheOrder() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(10)
            try await queue.sql.query("UPDATE glimpq.job SET priority = 5 WHERE id = ANY ($1)", [[ids[7], ids[3]]])
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 3).map(\.lease.job) == [ids[3], ids[7], ids[0]])
            #expect(try await queue.claim(worker, 100).count == 7)
        }
    }

    @Test func concurrentClaimsNeverShareAJob() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(400)
            let claimed = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let client = QueueClient(queue.database.options, logger: QueueFixture.logger)
                        let worker = try await client.register(
                            WorkerRegistration(host: "t", processID: 1, version: "t", capacity: 9, pairs: ["demo"]))
                        var mine: [Int64] = []
                        while true {
                            let jobs = try await client.claim(
                                worker: worker.id, limit: 7, queues: ["default"], pairs: ["demo"])
                            if jobs.isEmpty { break }
                            mine += jobs.map(\.lease.job)
                        }
                        await client.close()
                        return mine
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.sorted() == ids)
        }
    }

    @Test func onlyServedPairsPausedQueuesAndDueJobs() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, pair) VALUES ('a', 'demo'), ('b', 'other'), ('c', NULL);
                    INSERT INTO glimpq.job (prompt, run_at) VALUES ('later', now() + interval '1 hour');
                    INSERT INTO glimpq.job (prompt, queue) VALUES ('d', 'slow');
                    """)
            let worker = try await queue.register()
            try await queue.sql.query("SELECT glimpq.pause()")
            #expect(try await queue.claim(worker).isEmpty)
            try await queue.sql.query("SELECT glimpq.resume()")
            let jobs = try await queue.client.claim(
                worker: worker, limit: 10, queues: ["slow", "default"], pairs: ["demo"])
            #expect(Set(jobs.compactMap(\.prompt)) == ["a", "c", "d"])
        }
    }

    @Test func futureJobsAreDelayedAndComeBackWhenDue() async throws {
        try await QueueFixture.run { queue in
            let id: Int64 = try await queue.sql.query(
                "INSERT INTO glimpq.job (prompt, run_at) VALUES ('later', now() + interval '1 hour') RETURNING id"
            ).one().get(0)
            _ = try await queue.client.sweep()
            #expect(try await queue.state(id) == "delayed")
            try await queue.sql.query("UPDATE glimpq.job SET run_at = now() - interval '1 second'")
            #expect(try await queue.client.sweep().promoted == 1)
            #expect(try await queue.state(id) == "ready")
        }
    }

    @Test func aLostOrDrainingWorkerClaimsNothing() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let lost = try await queue.register()
            try await queue.kill(lost)
            await #expect(throws: QueueError.workerLost(worker: lost)) { try await queue.claim(lost) }
            let draining = try await queue.register()
            #expect(try await queue.client.beat(worker: draining, inFlight: 0, draining: true) != nil)
            await #expect(throws: QueueError.workerLost(worker: draining)) { try await queue.claim(draining) }
        }
    }
}
