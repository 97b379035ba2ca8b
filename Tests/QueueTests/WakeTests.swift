import Logging
import Postgres
import Queue
import Synchronization
import TestSupport
import Testing

@Suite struct WakeTests {
    /// Counts wake-ups and lets a test wait for them.
    private final class Alarm: Sendable {
        private let count = Mutex(0)
        func ring() { count.withLock { $0 += 1 } }
        func wait(for number: Int) async throws {
            while count.withLock({ $0 }) < number { try await Task.sleep(for: .milliseconds(5)) }
        }
        var rings: Int { count.withLock { $0 } }
    }

    @Test func aWakeUpReachesTheListenersOfItsQueue() async throws {
        try await QueueFixture.run { queue in
            let listener = WakeListener(queue.database.options, queues: ["a", "b"], logger: QueueFixture.logger)
            let alarm = Alarm()
            let listening = Task { await listener.run { alarm.ring() } }
            try await alarm.wait(for: 1)  // listening has begun
            #expect(listener.state == .listening)
            let wake = { (name: String) async throws -> Bool in
                try await queue.sql.query("SELECT glimpq.wake($1)", [name]).one().get(0)
            }
            #expect(try await wake("elsewhere"))
            #expect(try await wake("b"))
            try await alarm.wait(for: 2)
            #expect(try await !wake("b"), "not twice in a second")
            try await queue.sql.query("UPDATE glimpq.wakeup SET woken_at = woken_at - interval '1 second'")
            #expect(try await wake("b"))
            try await alarm.wait(for: 3)
            #expect(listener.wakeUps == 2)

            // The session dies: it listens again, and looks for work at once.
            try await queue.sql.query(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN%'
                """)
            try await alarm.wait(for: 4)
            listening.cancel()
            await listening.value
            #expect(listener.state == .off)
            #expect(alarm.rings == 4)
        }
    }

    @Test func whoeverMayEnqueueMayWake() async throws {
        try await QueueFixture.run { queue in
            let producer = try await Connection.connect(queue.database.options(memberOf: "glimpq_producer"))
            #expect(try await producer.query("SELECT glimpq.wake()").one().get(0, as: Bool.self))
            await producer.close()
            let analyst = try await Connection.connect(queue.database.options(memberOf: "glimpq_analyst"))
            await #expect(throws: PostgresError.self) { try await analyst.query("SELECT glimpq.wake()") }
            await analyst.close()
        }
    }
}
