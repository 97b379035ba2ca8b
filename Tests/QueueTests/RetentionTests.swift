import Logging
import Postgres
import Queue
import TestSupport
import Testing

/// What is too old goes, by itself or by hand, and nothing else does.
@Suite struct RetentionTests {
    /// Runs jobs to their end and sets them back by some days.
    private func finish(_ count: Int, daysAgo: Int, steps: Int = 0, _ queue: QueueFixture) async throws -> [Int64] {
        try await queue.enqueue(count)
        let worker = try await queue.register()
        let jobs = try await queue.claim(worker, count)
        if steps > 0 {
            try await queue.write(jobs.flatMap { job in (0..<Int32(steps)).map { queue.step(job, $0) } })
        }
        let verdicts = try await queue.client.finish(jobs.map { queue.result($0.lease) })
        #expect(verdicts.values.allSatisfy { $0 == .accepted })
        let ids = jobs.map(\.lease.job)
        try await queue.sql.query(
            "UPDATE glimpq.job SET finished_at = finished_at - $2 * interval '1 day' WHERE id = ANY ($1)",
            [ids, Double(daysAgo)])
        try await queue.client.leave(worker: worker)
        return ids
    }

    private func set(_ name: String, _ value: Int, _ queue: QueueFixture) async throws {
        try await queue.sql.query(
            "UPDATE glimpq.setting SET value = $2 WHERE name = $1", [name, Int64(value)])
    }

    /// Moves jobs and their traces to a day in the past.
    private func age(_ ids: [Int64], days: Int, _ queue: QueueFixture) async throws {
        try await queue.sql.query(
            "SELECT glimpq.create_step_partition((now() AT TIME ZONE 'UTC')::date - $1)", [Int32(days)])
        try await queue.sql.query(
            "UPDATE glimpq.job SET created_at = created_at - $2 * interval '1 day' WHERE id = ANY ($1)",
            [ids, Double(days)])
        try await queue.sql.query("UPDATE glimpq.step SET day = day - $2 WHERE job_id = ANY ($1)", [ids, Int32(days)])
    }

    private func upkeep(_ queue: QueueFixture) async throws -> QueueUpkeep.Report {
        try await queue.sql.query("UPDATE glimpq.upkeep SET ran_at = '-infinity'")
        let upkeep = QueueUpkeep(queue.database.options, logger: QueueFixture.logger)
        let report = try await upkeep.run()
        await upkeep.close()
        return report
    }

    @Test func keepsEverythingUntilToldOtherwise() async throws {
        try await QueueFixture.run { queue in
            let ids = try await finish(5, daysAgo: 1000, steps: 2, queue)
            try await age(ids, days: 100, queue)
            let report = try await upkeep(queue)
            #expect(report.ran && !report.hasDeleted)
            #expect(try await queue.count("glimpq.result") == 5)
            #expect(try await queue.count("glimpq.step") == 10)
        }
    }

    @Test func oldJobsGoWithAllThatHangsOnThem() async throws {
        try await QueueFixture.run { queue in
            let old = try await finish(7, daysAgo: 31, steps: 2, queue)
            // Some of the traces lie in the default partition.
            try await age(Array(old.prefix(3)), days: 40, queue)
            try await queue.sql.query("DELETE FROM glimpq.step WHERE job_id = ANY ($1)", [Array(old.suffix(4))])
            try await queue.sql.query(
                """
                UPDATE glimpq.job SET created_at = created_at - interval '200 days' WHERE id = ANY ($1)
                """, [Array(old.suffix(4))])
            try await queue.sql.query(
                """
                INSERT INTO glimpq.step (job_id, epoch, seq, day, kind, owner, model, text, token_ids)
                SELECT id, 1, 0, (created_at AT TIME ZONE 'UTC')::date, 'thinking', 'slm', 'm', 't', '{}'
                FROM glimpq.job WHERE id = ANY ($1)
                """, [Array(old.suffix(4))])
            #expect(try await queue.count("glimpq.step_default") == 4)
            let young = try await finish(4, daysAgo: 29, steps: 1, queue)
            let waiting = try await queue.enqueue(2)
            try await queue.sql.query(
                "UPDATE glimpq.job SET created_at = created_at - interval '90 days' WHERE id = ANY ($1)", [waiting])
            try await set("keep_jobs_days", 30, queue)
            let report = try await upkeep(queue)
            #expect(report.jobs == 7 && report.steps == 10)
            #expect(try await queue.count("glimpq.job WHERE id = ANY ($1)", [young + waiting]) == 6)
            #expect(try await queue.count("glimpq.job") == 6)
            #expect(try await queue.count("glimpq.result") == 4)
            #expect(try await queue.count("glimpq.attempt") == 4)
            #expect(try await queue.count("glimpq.step") == 4)
            // The emptied partition of forty days ago goes too, unlike those of today and the days ahead.
            #expect(report.partitionsDropped == 1)
            #expect(try await upkeep(queue).jobs == 0)
        }
    }

    @Test func aFileCanBeEnqueuedAnewOnceItsBatchIsEmpty() async throws {
        try await QueueFixture.run { queue in
            _ = try await finish(2, daysAgo: 3, queue)
            try await queue.sql.query("SELECT glimpq.ensure_batch('b')")
            try await queue.sql.query("UPDATE glimpq.job SET batch_id = (SELECT id FROM glimpq.batch WHERE name = 'b')")
            try await queue.sql.query(
                """
                INSERT INTO glimpq.batch_input (batch_id, part, lines, jobs, source, settings, hashes)
                SELECT id, 0, 2, 2, 'f', '', '\\x00000000000000000000000000000000' FROM glimpq.batch
                """)
            let purge = "SELECT jobs FROM glimpq.purge_batch_v1('b', now() - interval '1 day', 1)"
            #expect(try await queue.sql.query(purge).one().get(0, as: Int.self) == 1)
            #expect(try await queue.count("glimpq.batch_input") == 1)
            #expect(try await queue.sql.query(purge).one().get(0, as: Int.self) == 1)
            #expect(try await queue.count("glimpq.batch_input") == 0)
        }
    }

    @Test func largeAmountsGoInPieces() async throws {
        try await QueueFixture.run { queue in
            _ = try await finish(50, daysAgo: 3, queue)
            try await queue.sql.query("UPDATE glimpq.job SET created_at = created_at - interval '4 days'")
            try await set("keep_jobs_days", 1, queue)
            var jobs: [Int] = []
            var more = true
            while more {
                let row = try await queue.sql.query("SELECT * FROM glimpq.upkeep_v1(20)").one()
                jobs.append(try row.get("jobs"))
                more = try row.get("more")
            }
            #expect(jobs == [20, 20, 10])
            // Nobody comes again before the interval is over.
            #expect(try await !queue.sql.query("SELECT ran FROM glimpq.upkeep_v1()").one().get(0, as: Bool.self))
        }
    }

    @Test func tracesGoByTheDay() async throws {
        try await QueueFixture.run { queue in
            let old = try await finish(3, daysAgo: 0, steps: 2, queue)
            try await age(old, days: 12, queue)
            // A job of an old day that still runs keeps the traces of that day.
            let waiting = try await queue.enqueue(1)
            let worker = try await queue.register()
            let running = try await queue.claim(worker, 1)
            try await queue.write([queue.step(running[0], 0)])
            try await age(waiting, days: 11, queue)
            try await set("keep_traces_days", 10, queue)
            #expect(try await upkeep(queue).partitionsDropped == 1)
            #expect(try await upkeep(queue).partitionsDropped == 0)
            #expect(try await queue.count("glimpq.step WHERE job_id = ANY ($1)", [old]) == 0)
            #expect(try await queue.count("glimpq.step WHERE job_id = ANY ($1)", [waiting]) == 1)
            #expect(try await queue.count("glimpq.result") == 3)
            _ = try await queue.client.finish([queue.result(running[0].lease)])
            #expect(try await upkeep(queue).partitionsDropped == 1)
        }
    }

    /// Whoever reads traces is not waited for, and so nobody waits behind the upkeep.
    @Test func aReaderOfTracesPutsTheDropOff() async throws {
        try await QueueFixture.run { queue in
            let old = try await finish(1, daysAgo: 0, steps: 1, queue)
            try await age(old, days: 12, queue)
            try await set("keep_traces_days", 10, queue)
            let reader = try await queue.database.connect()
            try await reader.run(script: "BEGIN; SELECT count(*) FROM glimpq.step")
            let report = try await upkeep(queue)
            #expect(report.ran && report.partitionsDropped == 0)
            try await reader.run(script: "COMMIT")
            await reader.close()
            #expect(try await upkeep(queue).partitionsDropped == 1)
        }
    }

    @Test func longGoneWorkersAreForgottenExceptTheLastOfAPair() async throws {
        try await QueueFixture.run { queue in
            let first = try await queue.register(pairs: ["a"])
            let second = try await queue.register(pairs: ["a", "rare"])
            let third = try await queue.register(pairs: ["a"])
            for worker in [first, second, third] { try await queue.client.leave(worker: worker) }
            try await queue.sql.query("UPDATE glimpq.worker SET ended_at = now() - interval '31 days'")
            #expect(try await upkeep(queue).workers == 1)
            let left = try await queue.sql.query("SELECT id FROM glimpq.worker ORDER BY id").map {
                try $0.get(0, as: Int64.self)
            }
            #expect(left == [second, third])
        }
    }

    @Test func theTraceTableGetsStatistics() async throws {
        try await QueueFixture.run { queue in
            _ = try await finish(2, daysAgo: 0, steps: 5, queue)
            _ = try await upkeep(queue)
            let rows: Double = try await queue.sql.query(
                "SELECT reltuples::float8 FROM pg_class WHERE oid = 'glimpq.step'::regclass"
            ).one().get(0)
            #expect(rows == 10)
        }
    }

    /// Claims, finishes and a purge of the same table at once: nothing is lost, nothing waits.
    @Test func aPurgeLeavesTheQueueAlone() async throws {
        try await QueueFixture.run { queue in
            _ = try await finish(300, daysAgo: 40, queue)
            try await queue.enqueue(300)
            let purge = JobPurge(queue.database.options, logger: QueueFixture.logger)
            async let purged = purge.run(olderThan: .seconds(30 * 86_400), batch: nil, isTrial: false) { _ in }
            let worker = try await queue.register()
            var done = 0
            while done < 300 {
                let jobs = try await queue.claim(worker, 20)
                let verdicts = try await queue.client.finish(jobs.map { queue.result($0.lease) })
                #expect(verdicts.values.allSatisfy { $0 == .accepted })
                done += jobs.count
            }
            #expect(try await purged.jobs == 300)
            await purge.close()
            #expect(try await queue.count("glimpq.job WHERE state = 'done'") == 300)
        }
    }

    @Test func aPurgeByHandCanBeTriedAndBoundToABatch() async throws {
        try await QueueFixture.run { queue in
            let ids = try await finish(6, daysAgo: 5, queue)
            try await queue.sql.query(
                "UPDATE glimpq.job SET batch_id = glimpq.ensure_batch('b') WHERE id = ANY ($1)", [Array(ids.prefix(2))])
            let purge = JobPurge(
                try await queue.database.options(memberOf: "glimpq_admin"), logger: QueueFixture.logger)
            func run(_ days: Int, batch: String? = nil, isTrial: Bool = false) async throws -> Int {
                try await purge.run(olderThan: .seconds(days * 86_400), batch: batch, isTrial: isTrial) { _ in }.jobs
            }
            #expect(try await run(4, isTrial: true) == 6)
            #expect(try await run(4, batch: "b", isTrial: true) == 2)
            #expect(try await run(6) == 0)
            #expect(try await run(4, batch: "b") == 2)
            await #expect(throws: QueueError.unknownBatch("c")) { try await run(4, batch: "c") }
            #expect(try await run(4) == 4)
            #expect(try await queue.count("glimpq.job") == 0)
            await purge.close()
        }
    }
}
