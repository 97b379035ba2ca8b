import Generation
import Testing

@testable import Routing

/// How thinking ends, and what the finaliser then reads.
@Suite struct StopTests {
    static func steps(_ count: Int) -> [String] { (0..<count).map { "\($0).\n\n" } + ["</think>"] }

    /// Runs the small model alone, answered by the large one, and gives what that one read.
    func thoughts(
        _ steps: [String], _ parameters: String = "", vocabulary: ScriptedVocabulary = ScriptedVocabulary()
    ) async throws -> (run: Run, read: String) {
        let slm = script("small", steps: steps, vocabulary: vocabulary)
        let llm = script("large", steps: [], vocabulary: vocabulary)
        let separator = parameters.isEmpty ? "" : ", "
        let run = try await run("slm", "{\"finalizer\": \"llm\"\(separator)\(parameters)}", slm: slm, llm: llm)
        return (run, vocabulary.text(of: try #require(llm.generations.last).context))
    }

    @Test func byTheTag() async throws {
        let (run, read) = try await thoughts(Self.steps(2))
        #expect(run.outcome.thinkingStop == .thinkingEnd)
        #expect(read == "Q<think>0.\n\n1.\n\n</think>")
    }

    @Test func byTheEndOfText() async throws {
        let (run, read) = try await thoughts(["a\n\n", "b<eos>"])
        #expect(run.outcome.thinkingStop == .endOfText)
        #expect(run.thinking.map(\.finish) == [.delimiter, .endOfText])
        #expect(run.thinking.map(\.text) == ["a\n\n", "b"])
        #expect(read == "Q<think>a\n\nb</think>")
        #expect(run.outcome.answer == "42")
    }

    @Test func byTheTokenBudget() async throws {
        let (run, read) = try await thoughts(["abcd\n\n", "efgh\n\n"], #""max_thinking_tokens": 10"#)
        #expect(run.outcome.thinkingStop == .tokenBudget)
        #expect(run.thinking.map(\.tokens.count) == [6, 4])
        #expect(run.thinking.map(\.finish) == [.delimiter, .length])
        #expect(read == "Q<think>abcd\n\nefgh</think>")
    }

    /// Vector H5 with steps capped by what is left: 400, 512, then 88.
    @Test func theLastStepGetsWhatIsLeft() async throws {
        let long = [400, 512, 200].map { String(repeating: "\($0 % 7)", count: $0 - 2) + "\n\n" }
        let (run, _) = try await thoughts(long, #""max_thinking_tokens": 1000"#)
        #expect(run.thinking.map(\.tokens.count) == [400, 512, 88])
        #expect(run.outcome.thinkingStop == .tokenBudget)
    }

    @Test func byTheNumberOfSteps() async throws {
        let (run, read) = try await thoughts(Self.steps(9), #""max_steps": 2"#)
        #expect(run.outcome.thinkingStop == .stepBudget)
        #expect(read == "Q<think>0.\n\n1.\n\n</think>")
    }

    @Test func byRepetition() async throws {
        #expect(try await thoughts(["a\n\n", "b\n\n", "b\n\n", "c\n\n"]).run.outcome.thinkingStop == .repeatedStep)
        let alternating = Array(repeating: ["a\n\n", "b\n\n"], count: 4).flatMap(\.self)
        let (run, read) = try await thoughts(alternating)
        #expect(run.outcome.thinkingStop == .alternatingSteps)
        #expect(run.thinking.count == 6)
        #expect(read.hasSuffix("b\n\n</think>"))
        let round = Array(repeating: ["a\n\n", "b\n\n", "c\n\n"], count: 6).flatMap(\.self)
        #expect(try await thoughts(round).run.outcome.thinkingStop == .recurringStep)
    }

    /// A step that is cut at its limit goes on in a further record: same owner, no probe, no invented delimiter.
    @Test func longStepsGoOn() async throws {
        let slm = script("small", steps: ["abcdefg\n\n", "</think>"], entropies: [2, 0])
        let llm = script("large", steps: ["ABCDEFG\n\n"])
        let run = try await run("glimprouter", #"{"max_step_tokens": 4}"#, slm: slm, llm: llm)
        #expect(run.thinking.map(\.text) == ["ABCD", "EFG\n", "\n", "</think>"])
        #expect(run.thinking.map(\.decision.rule) == [.entropyAbove, .continuation, .continuation, .entropyAtMost])
        #expect(run.owners == "LLLs")
        #expect(slm.probes.count == 2)
        #expect(run.outcome.llm.steps == 1 && run.outcome.slm.steps == 1)
    }

    @Test func theTagMayBeCutByTheStepLimit() async throws {
        let vocabulary = ScriptedVocabulary(hasThinkingEnd: false)
        let (run, read) = try await thoughts(["ab</think>cd\n\n"], #""max_step_tokens": 5"#, vocabulary: vocabulary)
        #expect(run.thinking.map(\.text) == ["ab</t", "hink>"])
        #expect(run.outcome.thinkingStop == .thinkingEnd)
        #expect(read == "Q<think>ab</think>")
    }

    @Test func anAnswerCanBeCut() async throws {
        let (run, _) = try await thoughts(Self.steps(1), #""max_answer_tokens": 1"#)
        #expect(run.outcome.answerFinish == .length)
        #expect(run.outcome.answer == "4")
    }

    @Test func theContextWindowBoundsThinkingAndKeepsRoomForTheAnswer() async throws {
        let steps = (0..<50).map { "step \($0)\n\n" }
        let slm = script("small", steps: steps, contextLength: 1000)
        let llm = script("large", steps: steps, contextLength: 80)
        let run = try await run("glimprouter", slm: slm, llm: llm)
        #expect(run.outcome.thinkingStop == .contextFull)
        let last = try #require(llm.generations.last)
        #expect(last.context.count + 10 == 80)
        #expect(last.maximumTokens == 10)
        #expect(run.outcome.answer == "42")
    }

    @Test func aPromptThatLeavesNoRoomIsRefused() async throws {
        let llm = script("large", steps: [], contextLength: 80)
        await #expect(throws: ModelError.contextTooLong(model: "large", tokens: 119, limit: 80)) {
            try await run(
                "glimprouter", slm: script("small", steps: []), llm: llm, prompt: String(repeating: "x", count: 100))
        }
        // A model that has no part in the job does not bound it.
        let alone = try await run(
            "slm", slm: script("small", steps: []), llm: llm, prompt: String(repeating: "x", count: 100))
        #expect(alone.outcome.answer == "42")
    }

    @Test func cancellationPropagatesAndClosesTheSequences() async throws {
        let slm = script("small", steps: Self.steps(30))
        let pair = ModelPair(name: "pair", slm: slm, llm: script("large", steps: []))
        let session = try ReasoningSession(
            specification: JobSpecification(prompt: "Q", strategy: "slm"), pair: pair,
            sequences: SessionSequences(session: 3))
        let recorder = Recorder()
        let task = Task {
            try await session.run { record in
                await recorder.append(record)
                if record.index == 4 { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(await recorder.records.count == 5)
        #expect(slm.closed == [SessionSequences(session: 3).slm])
    }

    @Test func whatTheRecorderThrowsEndsTheSession() async throws {
        struct Full: Error {}
        let slm = script("small", steps: Self.steps(3))
        let session = try ReasoningSession(
            specification: JobSpecification(prompt: "Q", strategy: "slm"),
            pair: ModelPair(name: "pair", slm: slm, llm: slm), sequences: SessionSequences(session: 3))
        await #expect(throws: Full.self) { try await session.run { _ in throw Full() } }
        #expect(slm.generations.count == 1)
        #expect(slm.closed.count == 2)
    }
}
