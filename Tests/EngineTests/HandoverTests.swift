import Foundation
import Generation
import Heads
import Kernels
import Testing

@testable import Engine

/// Rules that give the turn back inside a generation, and generations that go on in what others wrote.
@Suite struct HandoverTests {
    private static func request(_ context: [TokenID], written: Int = 0) -> GenerationRequest {
        var request = GenerationRequest(
            sequence: SequenceID(9), context: context, maximumTokens: 120 - written,
            stop: StopCondition(delimiter: "\n\n", thinkingEnd: .init(token: 319)),
            sampling: SamplingParameters(temperature: 1, topP: 1), randomness: Randomness(seed: 5, step: 2))
        request.written = written
        request.details = .scores
        return request
    }

    @Test func writtenTokensGoOnAsIfNothingHadHappened() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        for problem in try DemoPair.problems(6) {
            let prompt = try llm.promptTokens(for: .prompt(problem))
            let whole = try await llm.generate(Self.request(prompt))
            for cut in 1..<whole.tokens.count {
                let rest = try await llm.generate(Self.request(prompt + whole.tokens.prefix(cut), written: cut))
                #expect(whole.tokens == whole.tokens.prefix(cut) + rest.tokens, "cut at \(cut)")
                #expect(rest.finish == whole.finish)
            }
        }
        await engine.shutDown()
    }

    /// The delimiter may begin in what another wrote.
    @Test func aDelimiterBeginsInWhatIsWritten() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let newline = try #require(llm.vocabulary.encode("\n", matchingSpecialTokens: false).first)
        let context = try llm.promptTokens(for: .prompt("1 + 1")) + [newline]
        var request = Self.request(context, written: 1)
        request.firstToken = newline
        #expect(try await llm.generate(request).finish == .delimiter)
        request.written = 0
        request.maximumTokens = 1
        #expect(try await llm.generate(request).finish == .length)
        await engine.shutDown()
    }

    @Test func rulesFireWhereTheyShould() async throws {
        let engine = try DemoPair.engine()
        let slm = try #require(engine.model(named: "slm"))
        let prompt = try slm.promptTokens(for: .prompt(try DemoPair.problems(3)[2]))
        let plain = try await slm.generate(Self.request(prompt)), ceiling = log(320.0)
        #expect(plain.scores.count == plain.tokens.count)
        #expect(abs(plain.scores.reduce(0) { $0 + $1.entropy } - plain.entropySum) < 1e-9)
        for share in [0.001, 0.01, 0.05, 0.1, 0.3] {
            let bound = share * ceiling
            let first = plain.scores.firstIndex { $0.entropy / ceiling > share }
            var request = Self.request(prompt)
            request.handover = HandoverRule(.normalisedEntropyAbove(share), token: .refused)
            let refused = try await slm.generate(request)
            #expect(refused.tokens == Array(plain.tokens.prefix(first ?? .max)))
            if let first {
                #expect(refused.finish == .handover && refused.refusedToken == plain.tokens[first])
                #expect(refused.handoverSignal == plain.scores[first].entropy / ceiling)
            } else {
                #expect(refused.finish == plain.finish && refused.handoverSignal == nil)
            }
            request.handover = HandoverRule(.entropyAtLeast(bound), token: .taken)
            let taken = try await slm.generate(request)
            let place = plain.scores.firstIndex { $0.entropy >= bound }
            #expect(taken.tokens == Array(plain.tokens.prefix(place.map { $0 + 1 } ?? .max)))
            #expect(taken.refusedToken == nil)
            request.handover = HandoverRule(.normalisedEntropyAtMost(share), token: .taken)
            let low = try await slm.generate(request)
            let calm = plain.scores.firstIndex { $0.entropy / ceiling <= share }
            #expect(low.tokens == Array(plain.tokens.prefix(calm.map { $0 + 1 } ?? .max)))
        }
        await engine.shutDown()
    }

    /// A rule beside a draft fires at the same token as without one.
    @Test func rulesFireInsideDrafts() async throws {
        let engine = try DemoPair.engine()
        let slm = try #require(engine.model(named: "slm"))
        for problem in try DemoPair.problems(8) {
            let prompt = try slm.promptTokens(for: .prompt(problem))
            let plain = try await slm.generate(Self.request(prompt))
            for token in [HandoverRule.Token.refused, .taken] {
                var request = Self.request(prompt)
                request.handover = HandoverRule(.entropyAtLeast(0.4), token: token)
                let alone = try await slm.generate(request)
                request.draft = Array(plain.tokens.dropLast())
                let drafted = try await slm.generate(request)
                #expect(drafted.tokens == alone.tokens && drafted.finish == alone.finish)
                #expect(drafted.handoverSignal == alone.handoverSignal)
                #expect(drafted.refusedToken == alone.refusedToken)
            }
        }
        await engine.shutDown()
    }

    @Test func aleatoricUncertainty() {
        #expect(abs(Evidence.aleatoricUncertainty(ofLogits: [20, 18, 15]) - 1.0731350177004273) < 1e-9)
        #expect(Evidence.aleatoricUncertainty(ofLogits: [0, -3]) == .infinity)
        // ψ(1) = −γ, ψ(2) = 1 − γ, ψ(1/2) = −γ − 2 ln 2
        let gamma = 0.577215664901532860606
        for (x, expected) in [(1, -gamma), (2, 1 - gamma), (0.5, -gamma - 2 * log(2.0))] {
            #expect(abs(Evidence.digamma(x) - expected) < 1e-13)
        }
    }
}
