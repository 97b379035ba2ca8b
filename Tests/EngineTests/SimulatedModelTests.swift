import Generation
import Testing

@testable import Engine

@Suite struct SimulatedModelTests {
    private static let description = SimulatedModelDescription(steps: 3...5, stepTokens: 6...12)
    private let model = SimulatedModel(name: "m", description)
    private let sequence = SequenceID(1)

    /// Writes as a session does: step by step until thinking ends, then the answer.
    private func chain(_ prompt: String, seed: UInt64 = 7, stepLimit: Int = 512) async throws -> [[TokenID]] {
        var context = model.promptTokens(for: .prompt(prompt))
        var steps: [[TokenID]] = []
        var isThinking = true
        while true {
            let stop = isThinking ? StopCondition(delimiter: "\n\n", thinkingEnd: .init(token: 256)) : .endOfText
            let part = try await model.generate(
                GenerationRequest(
                    sequence: sequence, context: context, maximumTokens: stepLimit, stop: stop, sampling: .greedy,
                    randomness: Randomness(seed: seed, step: UInt32(steps.count))))
            context += part.tokens
            steps.append(part.tokens)
            if !isThinking { return steps }
            if part.finish == .thinkingEnd { isThinking = false }
        }
    }

    @Test func theAnswerIsTheSumOfTheNumbers() async throws {
        let steps = try await chain("Add 12, 30 and x7y0. What is -1? [[simulate: hang 99]]")
        #expect(model.vocabulary.text(of: steps.last ?? []) == "50")
        #expect((3...5).contains(steps.count - 1))
        for step in steps.dropLast(2) {
            #expect((6...12).contains(step.count))
            #expect(model.vocabulary.text(of: step).hasSuffix("\n\n"))
        }
        #expect(steps.dropLast().last?.last == model.vocabulary.thinkingEnd)
    }

    /// Cutting a step short and going on from what was kept changes nothing, as in a chain that is resumed.
    @Test func theChainIsAFunctionOfPromptAndSeed() async throws {
        let whole = try await chain("1 and 2").flatMap(\.self)
        #expect(try await chain("1 and 2").flatMap(\.self) == whole)
        #expect(try await chain("1 and 2", stepLimit: 2).flatMap(\.self).dropLast(0) == whole[...])
        #expect(try await chain("1 and 3").flatMap(\.self) != whole)
        #expect(try await chain("1 and 2", seed: 8).flatMap(\.self) != whole)
    }

    /// One other token in the context, and everything after it is another text.
    @Test func everyTokenOfTheContextCounts() async throws {
        let prompt = model.promptTokens(for: .prompt("5"))
        var texts: Set<String> = []
        for letter in "abc" {
            let context = prompt + model.vocabulary.encode("\(letter) thought\n\n", matchingSpecialTokens: false)
            let part = try await model.generate(
                GenerationRequest(
                    sequence: sequence, context: context, maximumTokens: 50, stop: StopCondition(delimiter: "\n\n"),
                    sampling: .greedy, randomness: Randomness(seed: 1, step: 1)))
            texts.insert(model.vocabulary.text(of: part.tokens))
        }
        #expect(texts.count == 3)
    }

    @Test func theProbeDrawsTheFirstTokenOfTheStep() async throws {
        let context = model.promptTokens(for: .prompt("8"))
        let randomness = Randomness(seed: 3, step: 0)
        let probe = try await model.probe(
            ProbeRequest(
                sequence: sequence, context: context, sampling: .greedy, randomness: randomness, topCount: 3,
                topEntropySupport: 20))
        func step(from first: TokenID?) async throws -> [TokenID] {
            try await model.generate(
                GenerationRequest(
                    sequence: sequence, context: context, firstToken: first, maximumTokens: 50,
                    stop: StopCondition(delimiter: "\n\n"), sampling: .greedy, randomness: randomness)
            ).tokens
        }
        #expect(try await step(from: probe.sampledToken) == step(from: nil))
        #expect((0...probe.signals.logVocabulary).contains(probe.signals.entropy))
        #expect(probe.signals.top.count == 3)
        #expect(model.metrics.probes == 1)
    }

    @Test func directivesFailAndHang() async throws {
        await #expect(throws: ModelError.nonFiniteLogits(model: "m")) { try await chain("[[simulate: fail 1]]") }
        await #expect(throws: ModelError.self) { try await chain("[[simulate: explode]]") }
        let hanging = Task { try await chain("[[simulate: hang]]") }
        try await Task.sleep(for: .milliseconds(20))
        hanging.cancel()
        await #expect(throws: CancellationError.self) { try await hanging.value }
    }
}
