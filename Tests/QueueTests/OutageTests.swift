import Postgres
import Queue
import Synchronization
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

    @Test func aFailureDoesNotCloseTheConnectionThatCameAfter() async throws {
        try await QueueFixture.run { queue in
            let counters = DatabaseCounters()
            let connection = ReconnectingConnection(
                queue.database.options, backoff: Backoff(initial: .milliseconds(1)), counters: counters,
                logger: QueueFixture.logger)
            let newer = Mutex<Int32?>(nil)
            let own = "SELECT pg_backend_pid()"
            let last: Int32 = try await connection.run("outer") { outer in
                if newer.withLock({ $0 }) == nil {
                    try await queue.sql.query("SELECT pg_terminate_backend($1)", [await outer.backendID])
                    // Another task finds it broken and opens the next one.
                    let pid: Int32 = try await connection.run("inner") { try await $0.query(own).one().get(0) }
                    newer.withLock { $0 = pid }
                }
                return try await outer.query(own).one().get(0)
            }
            #expect(last == newer.withLock { $0 })
            #expect(counters.reconnects == 1)
            await connection.close()
        }
    }

    @Test(arguments: ["40001", "40P01", "55P03"])
    func conflictsAreRepeatedBoundedAndCounted(state: String) async throws {
        try await QueueFixture.run { queue in
            let counters = DatabaseCounters()
            let connection = ReconnectingConnection(
                queue.database.options, backoff: Backoff(initial: .milliseconds(1), ceiling: .milliseconds(2)),
                counters: counters, logger: QueueFixture.logger)
            let conflict = "DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '\(state)'; END $$"
            let tries = Mutex(0)
            try await connection.run("twice") { connection in
                if tries.withLock({
                    $0 += 1; return $0
                }) < 3 {
                    try await connection.run(script: conflict)
                }
            }
            #expect(counters.repeats == 2)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run("ever") { try await $0.run(script: conflict) }
            }
            #expect(error?.sqlState == state)
            #expect(counters.repeats == 22)
            await connection.close()
        }
    }

    @Test func aClaimThatIsHeldUpIsGivenUp() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            let blocker = try await queue.database.connect()
            try await blocker.run(script: "BEGIN; LOCK TABLE glimpq.job IN ACCESS EXCLUSIVE MODE")
            await #expect(throws: QueueError.claimTimedOut) { try await queue.claim(worker) }
            try await blocker.run(script: "COMMIT")
            #expect(try await queue.claim(worker).count == 1)
            await blocker.close()
        }
    }

    @Test func whoeverWaitsForTracesCanBeCancelledWhileTheDatabaseIsAway() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let job = try #require(try await queue.claim(try await queue.register()).first)
            let writer = TraceWriter(ConnectionOptions("host=/nonexistent port=1"), logger: QueueFixture.logger)
            try await writer.append(queue.step(job, 0))
            let flush = Task { try await writer.flush(job.lease.job) }
            let other = Task { try await writer.flush() }
            while await writer.counts.backlog == 0 { await Task.yield() }
            flush.cancel()
            await #expect(throws: CancellationError.self) { try await flush.value }
            #expect(await writer.close() == 1, "what is lost is said")
            await #expect(throws: CancellationError.self) { try await other.value }
            #expect(await writer.counts.dropped == 1)
        }
    }
}
