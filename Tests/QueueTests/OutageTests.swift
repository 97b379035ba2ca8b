import Postgres
import Queue
import TestSupport
import Testing

/// The database goes away and comes back while a worker is at work.
@Suite struct OutageTests {
    @Test func aBrokenConnectionComesBackAndAFinishIsNotLost() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(20)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker, 20)
            let killer = Task {
                let connection = try await queue.database.connect()
                for _ in 0..<15 {  // bounded, else a slow machine never gets a statement through
                    try await connection.query(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%finish_v%'
                        """)
                    try await Task.sleep(for: .milliseconds(.random(in: 1...30)))
                }
                await connection.close()
            }
            var accepted = 0
            for job in jobs {
                let verdict = try await queue.client.finish([queue.result(job.lease)])[job.lease]
                #expect(verdict == .accepted || verdict == .duplicate)
                accepted += 1
            }
            try await killer.value
            #expect(accepted == 20)
            #expect(try await queue.count("glimpq.result") == 20)
        }
    }

    @Test func tracesWaitForTheDatabase() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let job = try #require(try await queue.claim(try await queue.register()).first)
            let writer = TraceWriter(queue.database.options, logger: QueueFixture.logger)
            try await writer.append(queue.step(job, 0))
            try await writer.flush()
            let pid: Int =
                try await queue.sql.query(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'"
                ).one().get(0)
            try await queue.sql.query("SELECT pg_terminate_backend($1)", [Int32(pid)])
            for sequence in 1..<20 { try await writer.append(queue.step(job, Int32(sequence))) }
            #expect(try await writer.flush(job.lease.job) == 0)
            #expect(try await queue.count("glimpq.step") == 20)
            await writer.close()
        }
    }

    @Test func aCancelledTaskStopsTrying() async throws {
        let connection = ReconnectingConnection(
            ConnectionOptions("host=/nonexistent port=1"), logger: QueueFixture.logger)
        let task = Task { try await connection.run("x") { try await $0.query("SELECT 1").count } }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func attemptsAreBounded() async throws {
        let connection = ReconnectingConnection(
            ConnectionOptions("host=/nonexistent port=1"), backoff: Backoff(initial: .milliseconds(1)),
            logger: QueueFixture.logger)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run("x", attempts: 3) { try await $0.query("SELECT 1").count }
        }
        #expect(error?.code == "cannot_connect")
    }
}
