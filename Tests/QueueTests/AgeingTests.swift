import Postgres
import Queue
import TestSupport
import Testing

/// Jobs that wait behind higher priorities rise.
@Suite struct AgeingTests {
    private func priority(_ queue: QueueFixture, _ job: Int64) async throws -> Int {
        try await queue.sql.query("SELECT priority FROM glimpq.job WHERE id = $1", [job]).one().get(0)
    }

    /// Lets the next sweep look again at once.
    private func sweep(_ queue: QueueFixture) async throws -> Int {
        try await queue.sql.query("UPDATE glimpq.queue SET aged_at = NULL")
        return try await queue.client.sweep().aged
    }

    @Test func aJobThatWaitsRisesUntilNobodyPassesIt() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(4)
            // Three wait: since 25, 15 and 5 minutes; the fourth is of a higher class.
            try await queue.sql.query(
                """
                UPDATE glimpq.job SET run_at = now() - age, priority = class
                FROM unnest($1::bigint[], ARRAY[interval '25 min', '15 min', '5 min', '0'], ARRAY[0, 0, 0, 3]) n(id, age, class)
                WHERE job.id = n.id
                """, [ids])
            #expect(try await sweep(queue) == 0, "ageing is off")
            try await queue.sql.query(#"SELECT glimpq.configure_queue('default', '{"ageing": "10 minutes"}')"#)
            #expect(try await sweep(queue) == 2)
            #expect(try await queue.client.sweep().aged == 0, "it looked a moment ago")
            #expect(try await sweep(queue) == 1)
            #expect(try await sweep(queue) == 0)
            var found: [Int] = []
            for id in ids { found.append(try await priority(queue, id)) }
            #expect(found == [2, 1, 0, 3])
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 1).map(\.lease.job) == [ids[3]])
            #expect(try await queue.claim(worker, 2).map(\.lease.job) == [ids[0], ids[1]])
        }
    }

    @Test func noJobRisesAboveTheOthers() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(2)
            try await queue.sql.run(
                script: """
                    UPDATE glimpq.job SET run_at = now() - interval '1 day';
                    UPDATE glimpq.job SET priority = 2, run_at = now() WHERE id = \(ids[1]);
                    SELECT glimpq.configure_queue('default', '{"ageing": "1 minute"}');
                    """)
            #expect(try await sweep(queue) == 1)
            #expect(try await sweep(queue) == 1)
            #expect(try await sweep(queue) == 0, "it stands beside the highest and is older")
            let worker = try await queue.register()
            #expect(try await queue.claim(worker, 1).map(\.lease.job) == [ids[0]])
        }
    }

    @Test func aSweepRaisesABoundedNumberOldestFirst() async throws {
        try await QueueFixture.run { queue in
            let ids = try await queue.enqueue(30)
            try await queue.sql.run(
                script: """
                    UPDATE glimpq.job SET run_at = now() - interval '90 seconds';
                    INSERT INTO glimpq.job (prompt, priority) VALUES ('p', 9);
                    SELECT glimpq.configure_queue('default', '{"ageing": "1 minute"}');
                    """)
            #expect(try await queue.sql.query("SELECT glimpq.age_v1(10)").one().get(0, as: Int.self) == 10)
            #expect(try await queue.count("glimpq.job WHERE priority = 1 AND aged = 1 AND id <= $1", [ids[9]]) == 10)
        }
    }
}
