import Postgres
import Queue
import TestSupport
import Testing

@Suite struct TraceWriterTests {
    private func claimed(_ queue: QueueFixture) async throws -> ClaimedJob {
        try await queue.enqueue(1)
        return try #require(try await queue.claim(try await queue.register()).first)
    }

    @Test func rowsAreWrittenInBulk() async throws {
        try await QueueFixture.run { queue in
            let job = try await claimed(queue)
            let writer = TraceWriter(queue.database.options, logger: QueueFixture.logger)
            for sequence in 0..<1200 { try await writer.append(queue.step(job, Int32(sequence))) }
            #expect(try await writer.flush(job.lease.job) == 0)
            #expect(await writer.backlog == 0)
            #expect(try await queue.count("glimpq.step") == 1200)
            // One transaction per bulk: rows of a transaction share its xmin.
            #expect(try await queue.count("(SELECT DISTINCT xmin::text FROM glimpq.step_default) x") == 0)
            let transactions: Int = try await queue.sql.query(
                "SELECT count(DISTINCT xmin::text) FROM ONLY glimpq.\(partition(job))"
            ).one().get(0)
            #expect(transactions <= 4)
            await writer.close()
        }
    }

    private func partition(_ job: ClaimedJob) -> String {
        // The test database was made today, and so was the job.
        var days = Int(job.day.days) + 719_468  // civil from days, Howard Hinnant
        let era = days / 146_097
        days -= era * 146_097
        let year = (days - days / 1460 + days / 36524 - days / 146_096) / 365
        let dayOfYear = days - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        let civilYear = year + era * 400 + (civilMonth <= 2 ? 1 : 0)
        return "step_\(civilYear * 10000 + civilMonth * 100 + day)"
    }

    @Test func rowsAndTokensArriveAsTheyWereGiven() async throws {
        try await QueueFixture.run { queue in
            let job = try await claimed(queue)
            let lists: [[Int32]] = [[], [0], [.min, -1, 0, 9, 10, 99, 100, .max]]
            // Small bulks, so that the buffer forgets its first rows again and again.
            let writer = TraceWriter(
                queue.database.options, limits: TraceWriter.Limits(flushRows: 3, capacityRows: 5),
                logger: QueueFixture.logger)
            for sequence in 0..<100 {
                var step = queue.step(job, Int32(sequence), text: "step \(sequence)")
                step.tokenIDs = lists[sequence % 3]
                try await writer.append(step)
            }
            try await writer.flush()
            #expect(await writer.backlog == 0)
            let rows = try await queue.sql.query("SELECT seq, text, token_ids FROM glimpq.step ORDER BY seq")
            #expect(rows.count == 100)
            for (sequence, row) in rows.enumerated() {
                #expect(try row.get("seq", as: Int.self) == sequence)
                #expect(try row.get("text", as: String.self) == "step \(sequence)")
                #expect(try row.get("token_ids", as: [Int32].self) == lists[sequence % 3])
            }
            await writer.close()
        }
    }

    @Test func aRowThatTheServerRefusesIsDroppedAloneAndCounted() async throws {
        try await QueueFixture.run { queue in
            let job = try await claimed(queue)
            let writer = TraceWriter(queue.database.options, logger: QueueFixture.logger)
            var bad = queue.step(job, 1)
            bad.extra = "{broken"
            try await writer.append(queue.step(job, 0))
            try await writer.append(bad)
            try await writer.append(queue.step(job, 2, text: "a NUL \0 does no harm"))
            #expect(try await writer.flush(job.lease.job) == 1)
            #expect(try await writer.flush(job.lease.job) == 0, "told once")
            #expect(try await queue.count("glimpq.step") == 2)
            await writer.close()
        }
    }

    @Test func rowsSentTwiceAreStoredOnce() async throws {
        try await QueueFixture.run { queue in
            let job = try await claimed(queue)
            try await queue.write([queue.step(job, 0), queue.step(job, 1)])
            try await queue.write([queue.step(job, 1, text: "again"), queue.step(job, 2)])
            let texts: [String] = try await queue.sql.query("SELECT text FROM glimpq.step ORDER BY seq").map {
                try $0.get(0)
            }
            #expect(texts == ["so\n\n", "so\n\n", "so\n\n"])
        }
    }

    @Test func aFullBufferHoldsTheWriterOfStepsBack() async throws {
        try await QueueFixture.run { queue in
            let job = try await claimed(queue)
            let blocker = try await queue.database.connect()
            try await blocker.run(script: "BEGIN; LOCK TABLE glimpq.step IN ACCESS EXCLUSIVE MODE")
            let writer = TraceWriter(
                queue.database.options, limits: .init(flushRows: 5, capacityRows: 10), logger: QueueFixture.logger)
            let task = Task {
                for sequence in 0..<50 { try await writer.append(queue.step(job, Int32(sequence))) }
                try await writer.flush()
            }
            while await writer.backlog < 10 { try await Task.sleep(for: .milliseconds(5)) }
            try await Task.sleep(for: .milliseconds(50))
            #expect(await writer.backlog == 10)
            try await blocker.run(script: "COMMIT")
            try await task.value
            #expect(try await queue.count("glimpq.step") == 50)
            await blocker.close()
            await writer.close()
        }
    }

    @Test func rowsOfADayWithoutPartitionAreKeptAndMovedLater() async throws {
        try await QueueFixture.run { queue in
            try await queue.sql.query(
                "INSERT INTO glimpq.job (prompt, created_at) VALUES ('old', '2020-02-29 23:59:59+00')")
            let job = try #require(try await queue.claim(try await queue.register()).first)
            try await queue.write([queue.step(job, 0)])
            #expect(try await queue.count("glimpq.step_default") == 1)
            let created: Bool = try await queue.sql.query("SELECT glimpq.create_step_partition('2020-02-29')").one()
                .get(0)
            #expect(created)
            #expect(try await queue.count("glimpq.step_default") == 0)
            #expect(try await queue.count("glimpq.v_trace WHERE job_id = $1", [job.lease.job]) == 1)
            let dropped: Int = try await queue.sql.query("SELECT glimpq.drop_step_partitions('2020-03-01')").one().get(
                0)
            #expect(dropped == 1)
            #expect(try await queue.count("glimpq.step") == 0)
        }
    }
}
