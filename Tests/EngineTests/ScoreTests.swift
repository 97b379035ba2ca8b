import Foundation
import Generation
import Testing

@testable import Engine

/// What probes tell beside the distribution: options and scores of the context.
@Suite struct ScoreTests {
    private func probe(_ number: Int, _ context: [TokenID], scored: Int = 0, options: [TokenID] = []) -> ProbeRequest {
        var probe = ProbeRequest(
            sequence: SequenceID(UInt64(number)), context: context, sampling: .greedy,
            randomness: Randomness(seed: 1, step: 0), topCount: 320)
        probe.scoredTokens = scored
        probe.options = options
        return probe
    }

    /// Scores of a context are what the model said of each token while it wrote it.
    @Test func scoresAreThoseOfTheWriter() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        for (index, problem) in try DemoPair.problems(8).enumerated() {
            let prompt = try llm.promptTokens(for: .prompt(problem))
            var request = DraftTests.request(index, prompt, SamplingParameters(temperature: 1.2, topP: 1))
            request.details = .scores
            let written = try await llm.generate(request), count = written.tokens.count
            for scored in Set([1, count / 2, count]) {
                let answer = try await llm.probe(probe(index, prompt + written.tokens, scored: scored))
                #expect(answer.scores == Array(written.scores.prefix(count).suffix(scored)))
            }
        }
        await engine.shutDown()
    }

    @Test func optionsAreWhatTheRankingSays() async throws {
        let engine = try DemoPair.engine()
        let llm = try #require(engine.model(named: "llm"))
        let prompt = try llm.promptTokens(for: .prompt(try DemoPair.problems(1)[0]))
        let answer = try await llm.probe(probe(1, prompt, options: [40, 7, 319, 40]))
        let table = Dictionary(
            uniqueKeysWithValues: answer.signals.top.map { ($0.token, $0.logProbability) })
        #expect(answer.optionLogProbabilities == [40, 7, 319, 40].map { table[$0] ?? .nan })
        await engine.shutDown()
    }

    /// The same bits alone and in a batch, whatever the chunks, with blocks lost on the way.
    @Test func scoresDoNotDependOnTheBatch() async throws {
        let problems = try DemoPair.problems(40)
        func scores(_ limits: DemoPair.Limits, together: Bool) async throws -> [[TokenScore]] {
            let engine = try DemoPair.engine(limits)
            let llm = try #require(engine.model(named: "llm"))
            let probes = try problems.enumerated().map { index, problem in
                let prompt = try llm.promptTokens(for: .prompt(problem + problem))
                return probe(index, prompt, scored: prompt.count - 1 - index % 5, options: [3])
            }
            var scores = Array(repeating: [TokenScore](), count: problems.count)
            if together {
                try await withThrowingTaskGroup(of: (Int, [TokenScore]).self) { group in
                    for (index, probe) in probes.enumerated() {
                        group.addTask { (index, try await llm.probe(probe).scores) }
                    }
                    for try await (index, result) in group { scores[index] = result }
                }
            } else {
                for (index, probe) in probes.enumerated() { scores[index] = try await llm.probe(probe).scores }
            }
            await engine.shutDown()
            return scores
        }
        let alone = try await scores(DemoPair.Limits(), together: false)
        #expect(alone.allSatisfy { $0.allSatisfy { $0.logProbability <= 0 && $0.entropy >= 0 } && !$0.isEmpty })
        for limits in [
            DemoPair.Limits(), DemoPair.Limits(chunk: 1), DemoPair.Limits(threads: 2, chunk: 5, rows: 64),
            DemoPair.Limits(blocks: 40),
        ] {
            #expect(try await scores(limits, together: true) == alone, "\(limits)")
        }
    }
}
