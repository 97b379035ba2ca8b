import Generation
import Testing

@testable import Engine

@Suite struct PrefixSharingTests {
    /// Many samples of one problem arrive at once: the first computes the problem, the others wait for it.
    @Test(arguments: [32, 512]) func samplesOfOneProblemComputeItOnce(rows: Int) async throws {
        let engine = try DemoPair.engine(DemoPair.Limits(rows: rows))
        let llm = try #require(engine.model(named: "llm"))
        let samples = 64
        let context = (0..<200).map { TokenID(30 + $0 % 40) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<samples {
                group.addTask {
                    _ = try await llm.generate(
                        GenerationRequest(
                            sequence: SequenceID(UInt64(number)), context: context + [TokenID(40 + number)],
                            maximumTokens: 4, stop: .endOfText, sampling: .greedy,
                            randomness: Randomness(seed: 0, step: 0)))
                }
            }
            try await group.waitForAll()
        }
        await engine.shutDown()
        let metrics = try #require(engine.metrics["llm"])
        // 12 whole blocks are shared; what follows them is each sample's own.
        #expect(metrics.prefillTokens == 192 + samples * 9)
        #expect(metrics.prefixLookups == samples * 201)
        #expect(metrics.prefixHits == (samples - 1) * 192)
        #expect(metrics.cachedTokens == (samples - 1) * 192)
    }

    /// A cache for a few sequences at a time: the rest wait for room instead of taking it from each other.
    @Test func sequencesThatWillNotFitWait() async throws {
        let engine = try DemoPair.engine(DemoPair.Limits(blocks: 32))
        let llm = try #require(engine.model(named: "llm"))
        @Sendable func solve(_ numbers: Range<Int>) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in numbers {
                    group.addTask {
                        let sequence = SequenceID(UInt64(number))
                        var context = (0..<60).map { TokenID(30 + ($0 * number) % 40) }
                        for _ in 0..<4 {
                            let step = try await llm.generate(
                                GenerationRequest(
                                    sequence: sequence, context: context, maximumTokens: 16, stop: StopCondition(),
                                    sampling: .greedy, randomness: Randomness(seed: 0, step: 0)))
                            context += step.tokens + [50]
                        }
                        llm.close(sequence)
                    }
                }
                try await group.waitForAll()
            }
        }
        try await solve(1..<12)  // what a sequence grows by is not known yet
        let before = try #require(engine.metrics["llm"]).preemptions
        try await solve(12..<40)
        let metrics = try #require(engine.metrics["llm"])
        // A sequence whose session is kept from asking again counts as idle and gives way: at most once per request.
        #expect(metrics.preemptions - before <= 28 * 4)
        await engine.shutDown()
    }
}
