import Postgres
import Queue
import TestSupport
import Testing

/// Queues in which tenants take turns.
@Suite struct FairClaimTests {
    /// Tenants of the jobs that a claim brings; "" for none.
    private func claim(_ queue: QueueFixture, _ worker: Int64, _ limit: Int) async throws -> [String: Int] {
        let jobs = try await queue.claim(worker, limit)
        #expect(jobs.count <= limit)
        let tenants: [String] = try await queue.sql.query(
            "SELECT coalesce(tenant, '') FROM glimpq.job WHERE id = ANY ($1)", [jobs.map(\.lease.job)]
        ).map { try $0.get(0) }
        return tenants.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    private func enqueue(_ queue: QueueFixture, _ tenant: String?, _ count: Int, priority: Int = 0) async throws {
        try await queue.sql.query(
            "INSERT INTO glimpq.job (prompt, tenant, priority) SELECT 'p', $1, $2 FROM generate_series(1, $3)",
            [tenant, Int32(priority), Int32(count)])
    }

    private func share(_ queue: QueueFixture) async throws {
        try await queue.sql.query(#"SELECT glimpq.configure_queue('default', '{"fair": true}')"#)
    }

    @Test func aNoisyTenantDoesNotDelayASmallOne() async throws {
        try await QueueFixture.run { queue in
            try await share(queue)
            try await enqueue(queue, "noisy", 900)
            try await enqueue(queue, "small", 3)
            try await enqueue(queue, nil, 1)
            let worker = try await queue.register()
            #expect(try await claim(queue, worker, 12) == ["noisy": 8, "small": 3, "": 1])
            try await enqueue(queue, "late", 1)
            #expect(try await claim(queue, worker, 2) == ["noisy": 1, "late": 1])
            #expect(try await claim(queue, worker, 10) == ["noisy": 10], "nobody else has any")
        }
    }

    @Test func moreTenantsThanAClaimTakesAllHaveTheirTurnWithinARound() async throws {
        try await QueueFixture.run { queue in
            try await share(queue)
            for tenant in 1...30 { try await enqueue(queue, "tenant \(tenant)", tenant == 17 ? 500 : 5) }
            let worker = try await queue.register()
            for round in 1...5 {
                var served: [String: Int] = [:]
                for _ in 1...6 { served.merge(try await claim(queue, worker, 5)) { $0 + $1 } }
                #expect(served.count == 30 && served.values.allSatisfy { $0 == 1 }, "round \(round): \(served)")
            }
            #expect(try await claim(queue, worker, 5) == ["tenant 17": 5])
        }
    }

    @Test func oneJobAtATimeGoesRoundToo() async throws {
        try await QueueFixture.run { queue in
            try await share(queue)
            for tenant in ["a", "b", "c"] { try await enqueue(queue, tenant, 4) }
            try await enqueue(queue, nil, 4)
            let first = try await queue.register()
            let second = try await queue.register()
            var order: [String] = []
            for turn in 0..<16 { order += try await claim(queue, turn.isMultiple(of: 3) ? first : second, 1).keys }
            let round = Array(order.prefix(4))
            #expect(Set(round) == ["", "a", "b", "c"])
            #expect(order == round + round + round + round)
        }
    }

    @Test func priorityDecidesWithinATenantAndWhatIsNotServedCostsNoTurn() async throws {
        try await QueueFixture.run { queue in
            try await share(queue)
            try await enqueue(queue, "a", 3)
            try await enqueue(queue, "a", 1, priority: 7)
            try await enqueue(queue, "b", 3, priority: 3)
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, tenant, pair) SELECT 'p', 'foreign ' || n, 'other'
                    FROM generate_series(1, 30) n;
                    INSERT INTO glimpq.job (prompt, tenant, run_at) SELECT 'p', 'future ' || n, now() + interval '1 hour'
                    FROM generate_series(1, 30) n;
                    """)
            let worker = try await queue.register()
            // Sixty tenants have nothing for this worker: it passes them all until it finds one that has.
            var priorities: [Int] = []
            for expected in [2, 2, 2, 1, 0] {
                let jobs = try await queue.claim(worker, 2)
                #expect(jobs.count == expected)
                for job in jobs { #expect(job.pair == nil) }
                priorities += jobs.map(\.priority)
            }
            #expect(priorities.sorted() == [0, 0, 0, 3, 3, 3, 7])
            let highest = try #require(priorities.firstIndex(of: 7))
            let lowest = try #require(priorities.firstIndex(of: 0))
            #expect(highest < lowest)
        }
    }

    @Test func manyClaimersShareNoJobAndLeaveNone() async throws {
        try await QueueFixture.run { queue in
            try await share(queue)
            try await queue.sql.query(
                """
                INSERT INTO glimpq.job (prompt, tenant, priority)
                SELECT 'p', nullif('t' || n % 37, 't0'), (n % 3)::smallint FROM generate_series(1, 1000) n
                """)
            let claimed = try await Claimers.drain(queue, claimers: 10, limit: 9)
            #expect(claimed.count == 1000 && Set(claimed).count == 1000)
        }
    }

    @Test func withoutTurnsTheOldestGoFirst() async throws {
        try await QueueFixture.run { queue in
            try await enqueue(queue, "noisy", 20)
            try await enqueue(queue, "small", 1)
            let worker = try await queue.register()
            #expect(try await claim(queue, worker, 10) == ["noisy": 10])
            try await share(queue)
            #expect(try await claim(queue, worker, 2) == ["noisy": 1, "small": 1])
            try await queue.sql.query(#"SELECT glimpq.configure_queue('default', '{"fair": null}')"#)
            try await enqueue(queue, "small", 1)
            #expect(try await claim(queue, worker, 2) == ["noisy": 2])
        }
    }

    /// Users without turns and caps pay for no index of theirs.
    @Test func theIndexesOfTurnsAndCapsExistOnlyOnceNeeded() async throws {
        try await QueueFixture.run { queue in
            let indexes =
                "pg_indexes WHERE schemaname = 'glimpq' AND indexname IN ('job_ready_tenant', 'job_running_tenant')"
            try await queue.sql.query("SELECT glimpq.pause()")
            #expect(try await queue.count(indexes) == 0)
            try await queue.sql.query("SELECT glimpq.limit_queue('default', 3)")
            #expect(try await queue.count(indexes) == 1)
            try await queue.sql.query("SELECT glimpq.limit_tenant('default', 'a', 3)")
            #expect(try await queue.count(indexes) == 2)
        }
    }
}
