import Generation
import Testing

@testable import Engine

/// A draft verified by equal tokens gives, token for token, what plain decoding gives.
@Suite struct DraftTests {
    static let samplings = [SamplingParameters.greedy, SamplingParameters(temperature: 0.9, topP: 0.95)]

    /// Who guesses the next tokens.
    enum Drafter: CaseIterable {
        /// The small model, with the same random numbers.
        case slm
        /// The large model's own next tokens.
        case perfect
        /// Right tokens with a wrong one now and then.
        case flawed
        /// Tokens that make no sense: control tokens, the end of the text, padding of the vocabulary.
        case hostile
    }

    static func request(
        _ number: Int, _ context: [TokenID], _ sampling: SamplingParameters, written: Int = 0, most: Int = 160
    ) -> GenerationRequest {
        var request = GenerationRequest(
            sequence: SequenceID(UInt64(number)), context: context, maximumTokens: most - written,
            stop: StopCondition(delimiter: "\n\nWhat", thinkingEnd: nil), sampling: sampling,
            randomness: Randomness(seed: UInt64(number), step: 3, lane: 1))
        request.written = written
        return request
    }

    /// Speculates until the generation ends.
    static func speculate(
        _ number: Int, _ prompt: [TokenID], _ sampling: SamplingParameters, _ drafter: Drafter, plain: Generation,
        most: Int = 160, on engine: InferenceEngine
    ) async throws -> Generation {
        let slm = try #require(engine.model(named: "slm")), llm = try #require(engine.model(named: "llm"))
        var sum = Generation(tokens: [], finish: .handover)
        while sum.finish == .handover {
            let written = sum.tokens.count, context = prompt + sum.tokens
            var next = request(number, context, sampling, written: written, most: most)
            let ahead = Array(plain.tokens.dropFirst(written).prefix(1 + written % 7))
            switch drafter {
            case .slm:
                var draft = next
                draft.maximumTokens = min(1 + written % 6, most - written)
                draft.stop = .endOfText
                next.draft = try await slm.generate(draft).tokens
            case .perfect: next.draft = ahead
            case .flawed: next.draft = ahead.enumerated().map { $0 == 3 ? ($1 + 1) % 300 : $1 } + [5, 6]
            case .hostile: next.draft = [315, 319, 0, 315, 12] + ahead
            }
            let part = try await llm.generate(next)
            #expect(part.acceptedDraftTokens <= min(next.draft.count, part.tokens.count))
            #expect(part.tokens.starts(with: next.draft.prefix(part.acceptedDraftTokens)))
            if part.finish == .handover { #expect(part.tokens.count == part.acceptedDraftTokens + 1) }
            sum.tokens += part.tokens
            sum.finish = part.finish
            sum.scores += part.scores
            sum.acceptedDraftTokens += part.acceptedDraftTokens
            sum.logProbability += part.logProbability
            sum.entropySum += part.entropySum
            sum.measuredTokens += part.measuredTokens
        }
        slm.close(SequenceID(UInt64(number)))
        llm.close(SequenceID(UInt64(number)))
        return sum
    }

    private func plain(_ problems: [String], _ sampling: SamplingParameters) async throws -> [Generation] {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        var results: [Generation] = []
        for (index, problem) in problems.enumerated() {
            let prompt = try llm.promptTokens(for: .prompt(problem))
            results.append(try await llm.generate(Self.request(index + 1, prompt, sampling)))
        }
        await engine.shutDown()
        return results
    }

    private func together(
        _ problems: [String], _ sampling: SamplingParameters, _ drafter: Drafter, plain: [Generation],
        _ limits: DemoPair.Limits
    ) async throws -> (results: [Generation], metrics: [String: ModelMetrics]) {
        let engine = try DemoPair.engine(limits)
        let llm = try #require(engine.model(named: "llm"))
        let results = try await withThrowingTaskGroup(of: (Int, Generation).self) { group in
            for (index, problem) in problems.enumerated() {
                let prompt = try llm.promptTokens(for: .prompt(problem))
                group.addTask {
                    (
                        index,
                        try await Self.speculate(
                            index + 1, prompt, sampling, drafter, plain: plain[index], on: engine)
                    )
                }
            }
            var results = Array(repeating: Generation(tokens: [], finish: .length), count: problems.count)
            for try await (index, generation) in group { results[index] = generation }
            return results
        }
        await engine.shutDown()
        let metrics = engine.metrics
        return (results, metrics)
    }

    private func expectSame(_ results: [Generation], _ plain: [Generation]) {
        #expect(results.map(\.tokens) == plain.map(\.tokens))
        #expect(results.map(\.finish) == plain.map(\.finish))
        for (result, plain) in zip(results, plain) {
            #expect(result.measuredTokens == plain.measuredTokens)
            #expect(abs(result.logProbability - plain.logProbability) < 1e-9)
            #expect(abs(result.entropySum - plain.entropySum) < 1e-9)
        }
    }

    @Test(arguments: samplings, Drafter.allCases)
    func equalsPlainDecoding(sampling: SamplingParameters, drafter: Drafter) async throws {
        let problems = try DemoPair.problems(24)
        let plain = try await plain(problems, sampling)
        #expect(Set(plain.map(\.finish)).count > 1 || plain.allSatisfy { $0.finish != .handover })
        let (results, metrics) = try await together(problems, sampling, drafter, plain: plain, DemoPair.Limits())
        expectSame(results, plain)
        let llm = try #require(metrics["llm"])
        #expect(llm.generatedTokens == plain.reduce(0) { $0 + $1.work.decodedTokens })
        if drafter == .perfect { #expect(llm.acceptedDraftTokens == llm.draftedTokens) }
        if drafter == .slm { #expect(llm.acceptedDraftTokens * 2 > llm.draftedTokens, "\(llm)") }
        #expect(llm.forwardPasses > 0)
    }

    @Test(arguments: [
        DemoPair.Limits(chunk: 1), DemoPair.Limits(chunk: 3, blocks: 4_096), DemoPair.Limits(threads: 2, rows: 40),
        DemoPair.Limits(blocks: 60),
    ])
    func chunksThreadsAndPreemption(_ limits: DemoPair.Limits) async throws {
        let problems = try DemoPair.problems(64), sampling = Self.samplings[1]
        let plain = try await plain(problems, sampling)
        let (results, metrics) = try await together(problems, sampling, .slm, plain: plain, limits)
        expectSame(results, plain)
        if limits.blocks < 100 { #expect((metrics["llm"]?.preemptions ?? 0) > 0) }
    }

    /// What is kept of a rejected draft costs no block: only what differs is computed again.
    @Test func aRejectedDraftIsCutOffWhereItDiffers() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let prompt = try llm.promptTokens(for: .prompt(try DemoPair.problems(1)[0]))
        let plain = try await llm.generate(Self.request(1, prompt, .greedy, most: 60))
        var written = 0
        while written < 50 {
            var next = Self.request(2, prompt + plain.tokens.prefix(written), .greedy, written: written)
            next.draft = plain.tokens[written..<written + 2] + [1, 2, 3, 4]
            let part = try await llm.generate(next)
            #expect(part.tokens == Array(plain.tokens[written..<written + 3]))
            #expect(part.finish == .handover && part.acceptedDraftTokens == 2)
            if written > 0 { #expect(part.work.prefillTokens == 1) }
            written += 3
        }
        await engine.shutDown()
    }

    @Test func limitsEndADraft() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let prompt = try llm.promptTokens(for: .prompt(try DemoPair.problems(1)[0]))
        let plain = try await llm.generate(Self.request(1, prompt, .greedy, most: 9))
        #expect(plain.finish == .length)
        for draft in 1...14 {
            var request = Self.request(1, prompt, .greedy, most: 9)
            request.draft = plain.tokens + [1, 2, 3, 4, 5]
            request.draft = Array(request.draft.prefix(draft))
            let part = try await llm.generate(request)
            #expect(part.tokens == Array(plain.tokens.prefix(draft + 1)))
            #expect(part.finish == (draft < 8 ? .handover : .length))
            #expect(part.acceptedDraftTokens == min(draft, 9))
        }
        await engine.shutDown()
    }

    @Test func senselessRequestsAreRefused() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        func expectRefusal(_ change: (inout GenerationRequest) -> Void) async {
            var request = Self.request(1, [1, 2, 3], .greedy)
            change(&request)
            await #expect(throws: ModelError.self) { try await llm.generate(request) }
        }
        await expectRefusal { $0.draft = [320] }
        await expectRefusal { $0.draft = [-1] }
        await expectRefusal { $0.written = 4 }
        await expectRefusal { $0.written = -1 }
        await expectRefusal { ($0.draft, $0.firstToken) = ([1], 2) }
        await expectRefusal { ($0.draft, $0.acceptance) = ([1], .ratio([])) }
        await expectRefusal {
            ($0.draft, $0.acceptance) = ([1], .ratio([TokenDistribution(tokens: [2], probabilities: [1])]))
        }
        await expectRefusal { $0.handover = HandoverRule(.headAtLeast(head: "none", value: 0.5), token: .taken) }
        await engine.shutDown()
    }
}
