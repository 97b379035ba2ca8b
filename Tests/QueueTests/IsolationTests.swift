import Postgres
import Queue
import TestSupport
import Testing

/// Crash suspects run alone, on a worker that can run them.
@Suite struct IsolationTests {
    private func suspect(
        _ queue: QueueFixture, pair: String? = nil, in name: String = "default", waiting minutes: Int = 10
    ) async throws -> Int64 {
        // Only the server makes suspects; its owner may pretend.
        try await queue.sql.query(
            """
            INSERT INTO glimpq.job (prompt, pair, queue, crash_suspect, run_at)
            VALUES ('p', $1, $2, 2, now() - $3 * interval '1 minute') RETURNING id
            """, [pair, name, Int32(minutes)]
        ).one().get(0)
    }

    private func claim(_ queue: QueueFixture, _ worker: Int64, _ pair: String) async throws -> [Int64] {
        try await queue.client.claim(worker: worker, limit: 2, queues: ["default"], pairs: [pair]).map(\.lease.job)
    }

    @Test func theWorkerThatIsEmptiedServesTheSuspectsPair() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(20)
            let small = try await queue.register(pairs: ["small"])  // the lowest number, but the wrong pair
            let large = try await queue.register(pairs: ["large"])
            let both = try await queue.register(pairs: ["small", "large"])
            for (worker, pair) in [(small, "small"), (large, "large"), (both, "small")] {
                #expect(try await claim(queue, worker, pair).count == 2)
            }
            let poison = try await suspect(queue, pair: "large")
            // Of the two that could run it, only one gets no more.
            #expect(try await claim(queue, small, "small").count == 2)
            #expect(
                try await queue.client.claim(worker: both, limit: 2, queues: ["default"], pairs: ["small", "large"])
                    .count == 2)
            #expect(try await claim(queue, large, "large").isEmpty)
            let held = try await queue.sql.query(
                "SELECT id, epoch FROM glimpq.job WHERE worker_id = $1", [large]
            ).map { JobLease(job: try $0.get(0), epoch: try $0.get(1)) }
            _ = try await queue.client.finish(held.map { queue.result($0) })
            #expect(try await claim(queue, large, "large") == [poison])
            #expect(try await claim(queue, large, "large").isEmpty, "it runs alone")
        }
    }

    @Test func aSuspectThatNobodyMayClaimEmptiesNobody() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(10)
            _ = try await suspect(queue, in: "paused")
            try await queue.sql.query("SELECT glimpq.pause('paused')")
            let worker = try await queue.register(queues: ["paused", "default"])
            for _ in 1...3 {
                let jobs = try await queue.client.claim(
                    worker: worker, limit: 2, queues: ["paused", "default"], pairs: ["demo"])
                #expect(jobs.map(\.queue) == ["default", "default"])
            }
        }
    }

    @Test func aYoungSuspectWaitsForAnEmptyWorker() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(10)
            let busy = try await queue.register()
            #expect(try await queue.claim(busy, 2).count == 2)
            let poison = try await suspect(queue, waiting: 0)
            #expect(try await queue.claim(busy, 2).count == 2)
            let empty = try await queue.register()
            let jobs = try await queue.claim(empty, 5)
            #expect(jobs.map(\.lease.job) == [poison])
            #expect(jobs.map(\.isIsolated) == [true])
        }
    }

    @Test func twoEmptyWorkersShareNoSuspect() async throws {
        try await QueueFixture.run { queue in
            for _ in 1...6 { _ = try await suspect(queue) }
            let claimed = try await Claimers.each(6, queue) { client, worker in
                try await client.claim(worker: worker, limit: 5, queues: ["default"], pairs: ["demo"]).map(\.lease.job)
            }
            #expect(Set(claimed).count == claimed.count)
            #expect(try await queue.count("glimpq.job WHERE state = 'running'") == claimed.count)
        }
    }
}
