import Foundation
import Generation
import Kernels
import Testing

@testable import Engine

/// The classic rule of speculative decoding draws exactly from the target.
@Suite struct ProposalTests {
    private func distribution(_ probabilities: [Double]) -> TokenDistribution {
        TokenDistribution(tokens: probabilities.indices.map(TokenID.init), probabilities: probabilities)
    }

    struct Vector {
        var p: [Double], q: [Double], accept: [Double], overlap: Double, residual: [Double]
    }

    static let vectors = [
        Vector(p: [0.6, 0.3, 0.1], q: [0.3, 0.5, 0.2], accept: [1, 0.6, 0.5], overlap: 0.7, residual: [1, 0, 0]),
        Vector(
            p: [0.5, 0.3, 0.2], q: [0.2, 0.2, 0.6], accept: [1, 1, 1.0 / 3], overlap: 0.6, residual: [0.75, 0.25, 0]),
    ]

    @Test(arguments: vectors) func acceptanceAndResidual(_ vector: Vector) {
        let p = distribution(vector.p), q = distribution(vector.q)
        for token in 0..<3 {
            let chance = vector.accept[token]
            for (uniform, keeps) in [(chance - 1e-9, true), (chance + 1e-9, chance == 1)] {
                let proposal = Proposal(token: TokenID(token), distribution: q, acceptance: uniform)
                let residualToken = TokenID(vector.residual.firstIndex { $0 > 0 } ?? 0)
                #expect(proposal.settle(p, uniform: 0) == (keeps ? TokenID(token) : residualToken))
            }
        }
        let weights = Proposal.residual(p, q), mass = weights.reduce(0, +)
        #expect(abs(1 - mass - vector.overlap) < 1e-12)
        for (weight, expected) in zip(weights, vector.residual) { #expect(abs(weight / mass - expected) < 1e-12) }
        // What comes out is p: drafted and kept, or refused and drawn anew.
        for token in 0..<3 {
            let marginal = vector.q[token] * vector.accept[token] + (1 - vector.overlap) * weights[token] / mass
            #expect(abs(marginal - vector.p[token]) < 1e-12)
        }
    }

    /// Ratios 1, 0.6 and 0.9 against 0.99, 0.55 and 0.95: the third is refused.
    @Test func ratiosAgainstNumbers() {
        for (ratio, uniform, keeps) in [(1.0, 0.99, true), (0.6, 0.55, true), (0.9, 0.95, false)] {
            let proposal = Proposal(token: 0, distribution: distribution([0.5, 0.5]), acceptance: uniform)
            #expect((proposal.settle(distribution([0.5 * ratio, 1 - 0.5 * ratio]), uniform: 0) == 0) == keeps)
        }
    }

    @Test func equalDistributionsKeepEverything() {
        let p = distribution([0.1, 0.2, 0.7])
        for step in 0..<100 {
            #expect(Proposal(token: 1, distribution: p, acceptance: Double(step) / 100).settle(p, uniform: 0.5) == 1)
        }
    }

    /// The distribution that a sampler tells is the one that it draws from.
    @Test(arguments: [
        SamplingParameters(temperature: 1, topP: 1), SamplingParameters(temperature: 0.7, topP: 0.8),
        SamplingParameters(temperature: 1.3, topP: 1, topK: 4), SamplingParameters(temperature: 1, topP: 1, minP: 0.2),
    ])
    func theSamplerTellsWhatItDrawsFrom(_ parameters: SamplingParameters) throws {
        var sampler = Sampler(try VectorKernels(.best))
        let logits: [Float] = [0.3, 2, -1, 1.5, 0, 2.2, -3, 1]
        logits.withUnsafeBufferPointer { logits in
            let told = sampler.distribution(parameters, from: logits, best: 2.2)
            #expect(abs(told.probabilities.reduce(0, +) - 1) < 1e-12)
            var counts: [TokenID: Double] = [:]
            let draws = 40_000
            for number in 0..<draws {
                let uniform = (Double(number) + 0.5) / Double(draws)
                let draw = TokenDraw(parameters: parameters, uniform: uniform)
                counts[sampler.draw(draw, from: logits, best: 2.2), default: 0] += 1 / Double(draws)
            }
            #expect(Set(counts.keys) == Set(told.tokens))
            for (token, share) in counts { #expect(abs(share - told[token]) < 1e-4) }
        }
    }

    /// Pairs of tokens, drafted by the small model with the very numbers that jobs use and verified by the large one,
    /// against the exact probabilities of the large one: Pearson's chi-square.
    @Test(arguments: [
        SamplingParameters(temperature: 5, topP: 1, topK: 5), SamplingParameters(temperature: 4, topP: 0.7),
    ])
    func drawsExactlyFromTheTarget(_ sampling: SamplingParameters) async throws {
        let engine = try DemoPair.engine()
        let slm = try #require(engine.model(named: "slm")), llm = try #require(engine.model(named: "llm"))
        // An odd context, at which both models are unsure and disagree.
        let context = try llm.promptTokens(for: .prompt("7 7 none r make"))
        @Sendable func request(_ number: Int, written: [TokenID], most: Int) -> GenerationRequest {
            var request = GenerationRequest(
                sequence: SequenceID(UInt64(number)), context: context + written, maximumTokens: most,
                stop: .endOfText, sampling: sampling, randomness: Randomness(seed: UInt64(number), step: 0))
            request.written = written.count
            request.details = .distributions
            return request
        }
        @Sendable func speculate(_ number: Int) async throws -> [TokenID] {
            var tokens: [TokenID] = []
            while tokens.count < 2 {
                var next = request(number, written: tokens, most: 2 - tokens.count)
                let draft = try await slm.generate(next)
                next.draft = draft.tokens
                next.acceptance = draft.proposals(endOfText: slm.vocabulary.endOfText)
                let part = try await llm.generate(next)
                tokens += part.tokens
                if part.finish != .handover { break }
            }
            slm.close(SequenceID(UInt64(number)))
            llm.close(SequenceID(UInt64(number)))
            return tokens
        }
        func target(after written: [TokenID]) async throws -> TokenDistribution {
            // The end of the text is left out of what a generation tells: draw until another token comes.
            for number in 0..<1_000 {
                let told = try await llm.generate(request(number, written: written, most: 1)).distributions
                if let told = told.first { return told }
            }
            return TokenDistribution(tokens: [], probabilities: [])
        }
        let draws = 4_000
        let counts = try await withThrowingTaskGroup(of: [TokenID].self) { group in
            for number in 0..<draws { group.addTask { try await speculate(number) } }
            var counts: [[TokenID]: Double] = [:]
            for try await tokens in group { counts[tokens, default: 0] += 1 }
            return counts
        }
        var chiSquare = 0.0, cells = 0.0, rareExpected = 0.0, rareCounted = 0.0
        let first = try await target(after: [])
        for (x, p) in zip(first.tokens, first.probabilities) where !llm.vocabulary.endOfText.contains(x) {
            let second = try await target(after: [x])
            for (y, q) in zip(second.tokens, second.probabilities) {
                let key = llm.vocabulary.endOfText.contains(y) ? [x] : [x, y]
                let expected = p * q * Double(draws), counted = counts[key] ?? 0
                if expected < 10 {
                    rareExpected += expected
                    rareCounted += counted
                } else {
                    chiSquare += (counted - expected) * (counted - expected) / expected
                    cells += 1
                }
            }
        }
        if rareExpected > 0 {
            chiSquare += (rareCounted - rareExpected) * (rareCounted - rareExpected) / rareExpected
        }
        #expect(cells > 10)
        // Five standard deviations above the mean of chi-square with that many degrees of freedom.
        #expect(chiSquare < cells + 5 * (2 * cells).squareRoot(), "\(chiSquare) of \(cells)")
        await engine.shutDown()
        let metrics = try #require(engine.metrics["llm"])
        #expect(metrics.acceptedDraftTokens * 10 > metrics.draftedTokens)
        #expect(metrics.acceptedDraftTokens * 10 < metrics.draftedTokens * 9)
    }
}
