import Postgres
import Queue
import TestSupport
import Testing

@Suite struct ResumeTests {
    @Test func stepsOfSeveralCrashesMakeOneChain() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            var texts: [String] = []
            // Steps written per attempt; the second dies before it can ask for the earlier ones, the third writes none.
            for (epoch, count) in [3, nil, 0, 2].enumerated() {
                let worker = try await queue.register()
                let job = try #require(try await queue.claim(worker).first)
                if let count {
                    let known = try await queue.client.loadResume([job.lease], worker: worker)[job.lease] ?? []
                    #expect(known.map(\.text) == texts)
                    #expect(known.map(\.sequence) == texts.indices.map(Int32.init))
                    let new = (0..<count).map { queue.step(job, Int32(texts.count + $0), text: "\(epoch).\($0)\n\n") }
                    try await queue.write(new)
                    texts += new.map(\.text)
                }
                try await queue.kill(worker)
                _ = try await queue.client.sweep()
                try await queue.sql.query("UPDATE glimpq.job SET crash_suspect = 0")  // not what this test is about
            }
            let worker = try await queue.register()
            let job = try #require(try await queue.claim(worker).first)
            #expect(try await queue.client.loadResume([job.lease], worker: worker)[job.lease]?.map(\.text) == texts)
            // A zombie of the first attempt writes on; nobody sees it.
            var zombie = queue.step(job, 3, text: "zombie")
            zombie.epoch = 1
            try await queue.write([zombie, queue.step(job, 5, text: "end")])
            var result = queue.result(job.lease)
            result.stepsWritten = 1
            #expect(try await queue.client.finish([result]) == [job.lease: .accepted])
            let trace: [String] = try await queue.sql.query("SELECT text FROM glimpq.v_trace ORDER BY seq").map {
                try $0.get(0)
            }
            #expect(trace == texts + ["end"])
            let links: [Int?] = try await queue.sql.query(
                "SELECT resumed_from_epoch FROM glimpq.attempt ORDER BY epoch"
            ).map { try $0.get(0) }
            #expect(links == [nil, nil, 1, 3, 4])
        }
    }

    @Test func askingTwiceGivesTheSameAnswer() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let old = try #require(try await queue.claim(first).first)
            try await queue.write([queue.step(old, 0), queue.step(old, 1)])
            try await queue.kill(first)
            _ = try await queue.client.sweep()
            let second = try await queue.register()
            let job = try #require(try await queue.claim(second).first)
            let answer = try await queue.client.loadResume([job.lease], worker: second)
            #expect(answer[job.lease]?.count == 2)
            try await queue.write([queue.step(old, 2), queue.step(job, 2)])
            #expect(try await queue.client.loadResume([job.lease], worker: second) == answer)
            #expect(try await queue.client.loadResume([old.lease], worker: first).isEmpty)
        }
    }

    @Test func aGapEndsWhatCanBeTakenOver() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let old = try #require(try await queue.claim(first).first)
            try await queue.write([queue.step(old, 0), queue.step(old, 1), queue.step(old, 3)])
            try await queue.kill(first)
            _ = try await queue.client.sweep()
            let second = try await queue.register()
            let job = try #require(try await queue.claim(second).first)
            #expect(
                try await queue.client.loadResume([job.lease], worker: second)[job.lease]?.map(\.sequence) == [0, 1])
        }
    }

    @Test func aRestartedJobForgetsItsSteps() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let worker = try await queue.register()
            let old = try #require(try await queue.claim(worker).first)
            try await queue.write([queue.step(old, 0)])
            let failed = try await queue.client.fail(
                [FailedJob(old.lease, error: .modelTransient, message: "NaN", decision: .fail)])
            #expect(failed == [old.lease.job: "failed"])
            #expect(
                try await queue.sql.query("SELECT glimpq.retry($1, true)", [old.lease.job]).one().get(0, as: Bool.self))
            let job = try #require(try await queue.claim(worker).first)
            #expect(try await queue.client.loadResume([job.lease], worker: worker).isEmpty)
        }
    }

    @Test func everyFieldOfAStepComesBack() async throws {
        try await QueueFixture.run { queue in
            try await queue.enqueue(1)
            let first = try await queue.register()
            let old = try #require(try await queue.claim(first).first)
            var step = queue.step(old, 0, text: "tab\t\"quote\" {braces}, \\ 🙂\n\n", owner: .llm)
            step.rule = "entropy"
            step.signalName = "h_init"
            step.signalValue = 1.25
            step.threshold = 1
            step.initialEntropy = 1.25
            step.normalisedEntropy = 0.25
            step.topEntropy = 0.1
            step.topEntropySupport = 20
            step.probedToken = -1
            step.slmDiscarded = 3
            step.llmDiscarded = 4
            step.probeTokens = 1
            step.finishReason = "delimiter"
            step.meanLogProbability = -0.125
            step.meanEntropy = 0.3
            step.cost.slmPrefill = 11
            step.cost.llmNanoseconds = 1 << 40
            step.extra = #"{"a": [1, 2]}"#
            try await queue.write([step])
            try await queue.kill(first)
            _ = try await queue.client.sweep()
            let second = try await queue.register()
            let job = try #require(try await queue.claim(second).first)
            #expect(try await queue.client.loadResume([job.lease], worker: second)[job.lease] == [step])
        }
    }
}
