import Generation
import Testing

@testable import Engine

@Suite struct EngineLifecycleTests {
    private func generation(_ sequence: UInt64, context: [TokenID], tokens: Int) -> GenerationRequest {
        GenerationRequest(
            sequence: SequenceID(sequence), context: context, maximumTokens: tokens, stop: .endOfText,
            sampling: .greedy, randomness: Randomness(seed: 0, step: 0))
    }

    @Test func badRequestsFailAlone() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let limit = llm.identity.contextLength
        async let good = llm.generate(generation(1, context: [10, 20, 30], tokens: 4))
        await #expect(throws: ModelError.invalidRequest("the context is empty")) {
            try await llm.generate(generation(2, context: [], tokens: 4))
        }
        await #expect(throws: ModelError.contextTooLong(model: "llm", tokens: limit + 1, limit: limit)) {
            try await llm.generate(generation(3, context: Array(repeating: 5, count: limit), tokens: 4))
        }
        await #expect(throws: ModelError.self) { try await llm.generate(generation(4, context: [-1], tokens: 4)) }
        await #expect(throws: ModelError.self) { try await llm.generate(generation(5, context: [1 << 30], tokens: 4)) }
        await #expect(throws: ModelError.self) { try await llm.generate(generation(6, context: [1], tokens: 0)) }
        #expect(try await good.tokens.count <= 4)
        await engine.shutDown()
    }

    @Test func aSequenceLargerThanTheCacheFailsAlone() async throws {
        let engine = try DemoPair.engine(DemoPair.Limits(blocks: 4))
        let llm = try #require(engine.model(named: "llm"))
        await #expect(throws: ModelError.cacheTooSmall(model: "llm", blocksNeeded: 7, blocks: 4)) {
            try await llm.generate(generation(1, context: Array(repeating: 40, count: 100), tokens: 4))
        }
        #expect(try await llm.generate(generation(2, context: [10, 20], tokens: 3)).tokens.count <= 3)
        await engine.shutDown()
    }

    @Test func generationEndsAtTheContextLength() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let context = Array(repeating: TokenID(40), count: llm.identity.contextLength - 3)
        let result = try await llm.generate(generation(1, context: context, tokens: 50))
        #expect(result.tokens.count <= 3)
        await engine.shutDown()
    }

    @Test func cancellationWithdrawsTheRequest() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let task = Task { try await llm.generate(generation(1, context: [10, 20, 30], tokens: 900)) }
        task.cancel()
        // Either the cancellation came in time or the model had ended its text.
        if case .failure(let error) = await task.result { #expect(error is CancellationError) }
        // The sequence is free again.
        _ = try await llm.probe(
            ProbeRequest(
                sequence: SequenceID(1), context: [10, 20, 30], sampling: .greedy,
                randomness: Randomness(seed: 0, step: 0)))
        await engine.shutDown()
    }

    @Test func shutDownAnswersEverything() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        await engine.shutDown()
        await #expect(throws: ModelError.shutDown) { try await llm.generate(generation(1, context: [1], tokens: 1)) }
        await engine.shutDown()
    }

    @Test func aProbeGivesTheTokenThatGenerationWouldDraw() async throws {
        let engine = try DemoPair.engine()
        let slm = try #require(engine.model(named: "slm"))
        let context = try slm.promptTokens(for: .prompt("What is 22819 / 41 ?"))
        let sampling = SamplingParameters(temperature: 1.5, topP: 1)
        for seed in 0..<20 as Range<UInt64> {
            let randomness = Randomness(seed: seed, step: 0)
            let probe = try await slm.probe(
                ProbeRequest(
                    sequence: SequenceID(1), context: context, sampling: sampling, randomness: randomness, topCount: 3,
                    topEntropySupport: 20))
            let stop = StopCondition(delimiter: "\n\n")
            var request = GenerationRequest(
                sequence: SequenceID(2), context: context, maximumTokens: 20, stop: stop, sampling: sampling,
                randomness: randomness)
            let plain = try await slm.generate(request)
            request.firstToken = probe.sampledToken
            let continued = try await slm.generate(request)
            #expect(plain.tokens == continued.tokens)
            #expect(continued.work.decodedTokens == plain.work.decodedTokens)
            #expect(probe.signals.top.count == 3)
            #expect(try #require(probe.signals.topEntropy) <= probe.signals.entropy)
        }
        await engine.shutDown()
    }
}
