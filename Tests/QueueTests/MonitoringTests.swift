import Postgres
import Queue
import TestSupport
import Testing

/// What metrics read from the database, as the role that may do nothing else.
@Suite struct MonitoringTests {
    private func asMonitor(_ queue: QueueFixture, _ body: (QueueReader, Connection) async throws -> Void) async throws {
        let options = try await queue.database.options(memberOf: "glimpq_monitor")
        let reader = QueueReader(options, logger: QueueFixture.logger)
        let connection = try await Connection.connect(options)
        try await body(reader, connection)
        await connection.close()
        await reader.close()
    }

    @Test func queuesAreCountedByState() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, queue, priority) SELECT 'p', 'default', n % 3 FROM generate_series(1, 30) n;
                    INSERT INTO glimpq.job (prompt, queue) SELECT 'p', 'other' FROM generate_series(1, 5) n;
                    INSERT INTO glimpq.job (prompt, run_at, state) SELECT 'p', now() + interval '1 hour', 'delayed'
                    FROM generate_series(1, 2);
                    UPDATE glimpq.job SET created_at = now() - interval '100 seconds' WHERE id = 29;
                    SELECT glimpq.pause('other');
                    """)
            let worker = try await queue.register()
            _ = try await queue.claim(worker, 4)
            try await asMonitor(queue) { reader, _ in
                let metrics = try await reader.queueMetrics()
                func find(_ name: String, _ state: String) -> QueueStateMetric? {
                    metrics.first { $0.queue == name && $0.state == state }
                }
                #expect(find("default", "ready")?.jobs == 26)
                #expect(find("default", "ready")?.isPaused == false)
                #expect(find("default", "running")?.jobs == 4)
                #expect(find("default", "delayed")?.jobs == 2)
                #expect(find("other", "ready")?.jobs == 5)
                #expect(find("other", "ready")?.isPaused == true)
                let oldest = try #require(find("default", "ready")?.oldestSeconds)
                #expect(oldest < 200)
                #expect(metrics.allSatisfy { !$0.isEstimated })
                let fleet = try await reader.fleetMetrics()
                #expect(fleet.map(\.state) == ["live"] && fleet.map(\.capacity) == [64])
            }
        }
    }

    @Test func aLargeQueueIsEstimated() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(3000)
            try await queue.sql.run(script: "ANALYZE glimpq.job")
            let row = try await queue.sql.query("SELECT * FROM glimpq.queue_metrics_v1(100) WHERE state = 'ready'")
                .one()
            #expect(try row.get("estimated", as: Bool.self))
            // The planner's figure, from fresh statistics of a table with one queue.
            #expect(try (2500...3500).contains(row.get("jobs", as: Int.self)))
        }
    }

    /// What decides how many workers there are counts what is to be done and what is being done.
    @Test func theBacklogCountsReadyAndRunning() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(10)
            let worker = try await queue.register()
            _ = try await queue.claim(worker, 3)
            try await asMonitor(queue) { _, monitor in
                func backlog(_ arguments: String) async throws -> Int {
                    try await monitor.query("SELECT glimpq.backlog(\(arguments))").one().get(0)
                }
                #expect(try await backlog("'default'") == 10)
                #expect(try await backlog("'default', 5") == 8)
                #expect(try await backlog("'empty'") == 0)
                try await queue.sql.query("SELECT glimpq.pause('default')")
                #expect(try await backlog("'default'") == 3)
            }
        }
    }

    @Test func batchesInWorkAreShownByState() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, batch_id) SELECT 'p', glimpq.ensure_batch('b') FROM generate_series(1, 3);
                    SELECT glimpq.ensure_batch('empty');
                    """)
            try await asMonitor(queue) { reader, _ in
                let batches = try await reader.batchMetrics()
                #expect(Set(batches.map(\.batch)) == ["b"])
                #expect(batches.first { $0.state == "ready" }?.jobs == 3)
                #expect(batches.reduce(0) { $0 + $1.jobs } == 3)
            }
        }
    }

    @Test func aHeldSnapshotIsSeenByOtherUsers() async throws {
        try await QueueFixture.run { queue in
            let holder = try await queue.database.connect()
            try await holder.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
            let pid = await holder.backendID
            try await asMonitor(queue) { reader, monitor in
                let pids = try await monitor.query("SELECT pid FROM glimpq.snapshot_holders_v1()").map {
                    try $0.get(0, as: Int32?.self)
                }
                #expect(pids.contains(pid))
                #expect(try await reader.serverMetric().seesAllSessions)
                #expect(try await reader.serverMetric().oldestSnapshotSeconds > 0)
            }
            await holder.close()
        }
    }

    @Test func tablesAndTracesAreMeasured() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(100)
            try await asMonitor(queue) { reader, _ in
                let job = try #require(try await reader.storageMetrics().first { $0.table == "job" })
                #expect(job.heapBytes > 0 && job.indexBytes > 0 && job.totalBytes >= job.heapBytes + job.indexBytes)
                #expect(job.hasAutovacuum)
                let traces = try await reader.traceHealth()
                #expect(traces.daysAhead == 7 && traces.partitions == 8 && traces.defaultRows == 0)
            }
        }
    }

    @Test(arguments: [
        "SELECT prompt FROM glimpq.job", "SELECT * FROM glimpq.result", "SELECT * FROM glimpq.step",
        "SELECT * FROM glimpq.v_job", "SELECT * FROM glimpq.worker", "INSERT INTO glimpq.job (prompt) VALUES ('x')",
        "SELECT glimpq.pause()", "SELECT glimpq.upkeep_v1()", "SELECT glimpq.purge_v2(now())",
        "SELECT glimpq.delete_jobs_v1('{1}')", "SELECT glimpq.expected_rows_v1('SELECT 1')", "SET ROLE glimpq_owner",
    ])
    func aMonitorSeesNothingElse(_ statement: String) async throws {
        try await QueueFixture.run { queue in
            try await asMonitor(queue) { _, monitor in
                let error = await #expect(throws: PostgresError.self, "\(statement)") {
                    try await monitor.query(statement)
                }
                #expect(error?.sqlState == "42501")
            }
        }
    }

    @Test func workersKeepUpAndDoNotPurge() async throws {
        try await QueueFixture.run { queue in
            let worker = try await Connection.connect(try await queue.database.options(memberOf: "glimpq_worker"))
            #expect(try await worker.query("SELECT ran FROM glimpq.upkeep_v1()").one().get(0, as: Bool.self))
            try await worker.query("SELECT glimpq.analyze_traces_v1()")
            for statement in [
                "SELECT glimpq.purge_v2(now())", "SELECT glimpq.purge_batch_v1('b')",
                "SELECT glimpq.drop_step_partition_v1('2026-01-01')",
            ] {
                let error = await #expect(throws: PostgresError.self) { try await worker.query(statement) }
                #expect(error?.sqlState == "42501")
            }
            await worker.close()
        }
    }
}
