import Postgres
import Queue
import TestSupport
import Testing

@Suite struct ReportTests {
    private func withReader(_ body: (QueueFixture, QueueReader) async throws -> Void) async throws {
        try await QueueFixture.run { queue in
            let reader = QueueReader(queue.database.options, logger: QueueFixture.logger)
            try await body(queue, reader)
            await reader.close()
        }
    }

    /// Two strategies in two batches: `llm` writes all, `glimprouter` a quarter.
    private func fill(_ queue: QueueFixture) async throws {
        for (strategy, count) in [("llm", 10), ("glimprouter", 8)] {
            let inserter = try await JobInserter.open(queue.database.options, batch: "b-\(strategy)")
            try await inserter.add(
                contentsOf: (0..<count).map { NewJob(prompt: "p\($0)", customID: "\($0)", strategy: strategy) })
            _ = try await inserter.finish()
        }
        let worker = try await queue.register()
        let jobs = try await queue.claim(worker, 100)
        var steps: [TraceRow] = []
        var results: [FinishedJob] = []
        for (index, job) in jobs.enumerated() {
            let isLLM = job.strategy == "llm"
            for sequence in Int32(0)..<4 {
                var step = queue.step(job, sequence, owner: isLLM || sequence == 3 ? .llm : .slm)
                if !isLLM { step.initialEntropy = Double(sequence) * 0.5 }
                steps.append(step)
            }
            var result = queue.result(job.lease)
            result.correct = index % 5 != 0
            result.steps = 4
            result.llmSteps = isLLM ? 4 : 1
            result.slmTokens = isLLM ? 0 : 300
            result.llmTokens = isLLM ? 400 : 100
            result.probeTokens = isLLM ? 0 : 4
            result.slmDiscardedTokens = isLLM ? 0 : 6
            result.llmPrefillTokens = isLLM ? 50 : 350
            result.slmParameters = 1_000_000
            result.llmParameters = 10_000_000
            result.strategyParams = isLLM ? "{}" : #"{"threshold": 1}"#
            results.append(result)
        }
        try await queue.write(steps)
        let verdicts = try await queue.client.finish(results)
        #expect(verdicts.values.allSatisfy { $0 == .accepted })
    }

    @Test func aReportComparesStrategiesAcrossBatches() async throws {
        try await withReader { queue, reader in
            try await fill(queue)
            let report = try await reader.strategyReport(batches: ["b-llm", "b-glimprouter"])
            #expect(report.map(\.strategy) == ["glimprouter", "llm"])
            let router = try #require(report.first)
            #expect(router.jobs == 8 && router.graded == 8)
            #expect(router.strategyParams == #"{"threshold": 1}"#)
            #expect(router.llmStepShare == 0.25 && router.llmTokenShare == 0.25)
            #expect(router.computePerJob == 310e6 + 1000e6)
            #expect(router.computeRelativeToLLM == 1310.0 / 4000)
            #expect(router.totalComputeRelativeToLLM == (1310.0 + 3500) / (4000 + 500))
            // R: prop.test(k, n, correct = FALSE) gives the same score interval.
            let llm = try #require(report.last)
            #expect(llm.correct == 8 && llm.accuracy == 0.8)
            #expect(abs((llm.accuracyLow ?? 0) - 0.4901625) < 1e-6)
            #expect(abs((llm.accuracyHigh ?? 0) - 0.9433178) < 1e-6)
            #expect(try await reader.strategyReport(batches: ["b-glimprouter"]).first?.computeRelativeToLLM == nil)
            #expect(try await queue.count("glimpq.v_strategy") == 2)
        }
    }

    @Test func anotherThresholdIsCountedOnStoredTraces() async throws {
        try await withReader { queue, reader in
            try await fill(queue)
            let lower = try await reader.whatIf(batch: "b-glimprouter", threshold: 0.5)
            #expect(lower.count == 1)
            #expect(lower.first?.probedSteps == 32)
            #expect(lower.first?.llmSteps == 8)
            #expect(lower.first?.llmStepsThen == 16)
            let bins = try await queue.sql.query("SELECT * FROM glimpq.v_entropy_histogram ORDER BY h_from")
            #expect(try bins.map { try $0.get("steps", as: Int.self) } == [8, 8, 8, 8])
        }
    }

    @Test func progressCountsEveryState() async throws {
        try await withReader { queue, reader in
            let inserter = try await JobInserter.open(queue.database.options, batch: "b")
            try await inserter.add(contentsOf: (0..<10).map { NewJob(prompt: "p\($0)") })
            _ = try await inserter.finish()
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker, 4)
            _ = try await queue.client.finish([queue.result(jobs[0].lease)])
            _ = try await queue.client.fail([FailedJob(jobs[1].lease, error: .badInput, message: "x", decision: .fail)])
            try await queue.sql.query("SELECT glimpq.cancel(max(id)) FROM glimpq.job")
            let progress = try await reader.overview(batch: "b")
            #expect(progress.total == 10 && progress.done == 1 && progress.failed == 1 && progress.cancelled == 1)
            #expect(progress.running == 2 && progress.ready == 5 && progress.open == 7)
            let view = try await queue.sql.query("SELECT * FROM glimpq.v_batch_progress WHERE batch = 'b'").one()
            let counted: [Int] = try ["total", "done", "failed", "cancelled", "running", "ready", "open"].map {
                try view.get($0)
            }
            #expect(counted == [10, 1, 1, 1, 2, 5, 7])
            #expect(try view.get("per_minute", as: Double.self) > 0)
            #expect(try view.get("eta_seconds", as: Double.self) > 0)
            await #expect(throws: QueueError.unknownBatch("none")) { try await reader.overview(batch: "none") }
            #expect(try await reader.workers().map(\.running) == [2])
            #expect(try await reader.depths().map(\.ready) == [5])
        }
    }

    @Test func jobsThatNobodyServesAreNamed() async throws {
        try await withReader { queue, reader in
            try await queue.sql.run(
                script: """
                    INSERT INTO glimpq.job (prompt, pair) VALUES ('a', 'huge'), ('b', 'huge'), ('c', 'demo');
                    INSERT INTO glimpq.job (prompt, queue) VALUES ('d', 'night');
                    """)
            _ = try await queue.register()
            let unserved = try await reader.unserved()
            #expect(unserved.map(\.count) == [2, 1])
            #expect(unserved[0].pair == "huge" && unserved[0].reason == "no live worker of this queue serves this pair")
            #expect(unserved[1].queue == "night" && unserved[1].reason == "no live worker claims from this queue")
            #expect(try await reader.health().first { $0.name == "ready jobs that nobody serves" }?.isFine == false)
        }
    }

    @Test func stuckJobsAreNamed() async throws {
        try await withReader { queue, reader in
            try await queue.enqueue(3)
            let worker = try await queue.register()
            let jobs = try await queue.claim(worker)
            try await queue.sql.query(
                "UPDATE glimpq.job SET deadline_at = now() - interval '1 second' WHERE id = $1", [jobs[0].lease.job])
            try await queue.sql.query(
                "UPDATE glimpq.job SET cancel_requested_at = now() - interval '1 minute' WHERE id = $1",
                [jobs[1].lease.job])
            #expect(try await reader.stuck().map(\.reason) == ["past its deadline", "cancellation not carried out"])
            try await queue.kill(worker)
            #expect(try await reader.stuck().count { $0.reason == "its worker has no lease" } == 3)
            _ = try await queue.client.sweep()
        }
    }

    @Test func resultsComePageByPageWithTheFailedOnes() async throws {
        try await withReader { queue, reader in
            try await fill(queue)
            try await queue.enqueue(1)
            let job = try #require(try await queue.claim(try await queue.register()).first)
            _ = try await queue.client.fail([FailedJob(job.lease, error: .badInput, message: "no", decision: .fail)])
            var all: [ExportedJob] = []
            for try await job in reader.results(pageSize: 4) { all.append(job) }
            #expect(all.count == 19)
            #expect(all.map(\.job) == all.map(\.job).sorted())
            #expect(all.last?.state == "failed" && all.last?.errorMessage == "no" && all.last?.result == nil)
            #expect(all.first?.result?.output == "the answer is 4")
            var some: [ExportedJob] = []
            for try await job in reader.results(.init(batch: "b-glimprouter", states: ["done"]), pageSize: 3) {
                some.append(job)
            }
            #expect(some.count == 8)
            #expect(some.allSatisfy { $0.batch == "b-glimprouter" && $0.strategy == "glimprouter" })
            #expect(some.compactMap(\.customID).count == 8)
        }
    }

    @Test func aTraceTellsTheWholeStory() async throws {
        try await withReader { queue, reader in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let old = try #require(try await queue.claim(first).first)
            try await queue.write([queue.step(old, 0), queue.step(old, 1)])
            try await queue.kill(first)
            _ = try await queue.client.sweep()
            let second = try await queue.register()
            let job = try #require(try await queue.claim(second).first)
            _ = try await queue.client.loadResume([job.lease], worker: second)
            try await queue.write([queue.step(job, 2)])
            let open = try #require(try await reader.trace(job.lease.job))
            #expect(open.state == "running" && open.rows.map(\.sequence) == [0, 1, 2] && open.job.result == nil)
            var result = queue.result(job.lease)
            result.stepsWritten = 1
            _ = try await queue.client.finish([result])
            let trace = try #require(try await reader.trace(job.lease.job))
            #expect(trace.prompt == "problem 1" && trace.state == "done")
            #expect(trace.rows.map(\.epoch) == [1, 1, 2])
            #expect(trace.attempts.map(\.outcome) == ["lost", "done"])
            #expect(trace.attempts.last?.resumedAtStep == 2 && trace.attempts.last?.resumedFromEpoch == 1)
            #expect(try await reader.trace(4711) == nil)
        }
    }
}
