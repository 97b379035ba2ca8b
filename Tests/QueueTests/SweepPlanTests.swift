import Foundation
import Postgres
import TestSupport
import Testing

@testable import Queue

/// A sweep runs every few seconds in every worker: what it reads must not grow with the number of ready jobs.
@Suite struct SweepPlanTests {
    /// Rows of `job` that this transaction has read, by any plan.
    private static let rowsRead = """
        SELECT pg_stat_get_xact_tuples_returned('glimpq.job'::regclass) + pg_stat_get_xact_tuples_fetched('glimpq.job'::regclass)
            + (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index
                WHERE indrelid = 'glimpq.job'::regclass)::bigint
        """

    @Test(arguments: [false, true])
    func aSweepReadsNoMoreOfADeepQueue(hasStatistics: Bool) async throws {
        try await QueueFixture.run { queue in
            _ = try await queue.register()
            try await queue.sql.run(
                script: """
                    ALTER TABLE glimpq.job SET (autovacuum_enabled = off);
                    INSERT INTO glimpq.job (prompt, pair, run_at)
                    SELECT 'p', 'demo', now() - interval '1 hour' FROM generate_series(1, 20000);
                    INSERT INTO glimpq.job (prompt, pair, run_at)
                    SELECT 'p', 'a pair to come', now() FROM generate_series(1, 20000);
                    """)
            if hasStatistics { try await queue.sql.run(script: "ANALYZE glimpq.job") }
            // More calls than it takes the server to switch to a generic plan.
            for call in 1...8 {
                let read: Int = try await queue.sql.transaction { connection in
                    // Earlier calls count until the server has reported them.
                    let before: Int = try connection.query(Self.rowsRead).one().get(0)
                    let sweep = try connection.query("SELECT * FROM glimpq.sweep_v3()").one()
                    #expect(try sweep.get("failed", as: Int.self) == 0)
                    let after: Int = try connection.query(Self.rowsRead).one().get(0)
                    return after - before
                }
                #expect(read > 0)
                // Of the unknown pair, whose jobs are too young, the head.
                #expect(read < 8000, "call \(call)")
            }
        }
    }

    @Test func jobsOfUnknownPairsFailInTheOrderOfTheirAge() async throws {
        try await QueueFixture.run { queue in
            _ = try await queue.register()
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, pair, run_at)
                    SELECT 'p', CASE n % 3 WHEN 0 THEN 'demo' WHEN 1 THEN 'demi' ELSE 'dome' END,
                        now() - interval '1 hour' FROM generate_series(1, 1200) n;
                    INSERT INTO glimpq.job (prompt, pair, run_at) VALUES ('young', 'demi', now());
                    """)
            var failed: [Int] = []
            for _ in 1...4 {
                failed.append(
                    try await queue.sql.query("SELECT failed FROM glimpq.sweep_v3()").one().get(0, as: Int.self))
            }
            #expect(failed == [500, 300, 0, 0])
            #expect(try await queue.count("glimpq.job WHERE state = 'failed' AND pair IN ('demi', 'dome')") == 800)
            #expect(try await queue.count("glimpq.job WHERE state = 'ready' AND pair = 'demo'") == 400)
            #expect(try await queue.count("glimpq.job WHERE state = 'ready' AND prompt = 'young'") == 1)
            #expect(
                try await queue.count(
                    "glimpq.attempt WHERE outcome = 'failed' AND error_message LIKE '%served so far: demo;%'") == 800)
        }
    }
}
