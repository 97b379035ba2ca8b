import Foundation
import Postgres
import TestSupport
import Testing

@testable import glimpq

@Suite struct BenchQueueTests {
    @Test func quantilesAreNearestRanks() {
        var samples = LatencySamples()
        #expect(samples.quantile(0.5) == nil)
        for value in [5, 1, 4, 2, 3] { samples.append(.milliseconds(value)) }
        #expect(samples.quantile(0.5) == 3)
        #expect(samples.quantile(0.99) == 5)
        #expect(samples.quantile(0) == 1)
    }

    @Test func aDatabaseWithOtherWorkIsRefused() async throws {
        try await TestDatabase.run { database in
            let connection = try await database.connect()
            let scratch = try await ScratchDatabase(database.options)
            try await scratch.fill(to: 3) { _, _ in }
            await scratch.close()
            await (try ScratchDatabase(database.options)).close()
            try await connection.query("INSERT INTO glimpq.job (prompt) VALUES ('real work')")
            await #expect(throws: CommandFailure.self) { _ = try await ScratchDatabase(database.options) }
            try await connection.query("DELETE FROM glimpq.job WHERE batch_id IS NULL")
            try await connection.query("SELECT glimpq.ensure_batch('real work')")
            await #expect(throws: CommandFailure.self) { _ = try await ScratchDatabase(database.options) }
            await connection.close()
        }
    }

    @Test func everyClaimedJobIsFinishedAndTracesArrive() async throws {
        try await TestDatabase.run { database in
            let scratch = try await ScratchDatabase(database.options)
            try await scratch.fill(to: 2000) { _, _ in }
            await scratch.close()
            let worker = try await BenchWorker(database.options, connections: 2, capacity: 20)
            let claims = ClaimBench(
                worker: worker, batch: 10, duration: .milliseconds(200), interval: nil, pace: 1000, warmUp: 1)
            let traces = TraceBench(
                worker: worker, options: database.options, duration: .milliseconds(100), pace: 1000)
            let outcome = try await worker.whileAlive {
                try await claims.run { tally, _ in #expect(tally.jobs > 0) }
                return try await traces.run()
            }
            let connection = try await database.connect()
            let steps: Int = try await connection.query("SELECT count(*) FROM glimpq.step").one().get(0)
            #expect(steps == outcome.rows)
            #expect(steps > 0)
            let running: Int = try await connection.query(
                "SELECT count(*) FROM glimpq.job WHERE state = 'running'"
            ).one().get(0)
            #expect(running == 0)
            try await Invariants.check(connection)
            await connection.close()
        }
    }
}
