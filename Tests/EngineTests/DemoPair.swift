import Foundation
import Generation
import Kernels
import Testing

@testable import Engine

/// The shipped model pair, loaded under limits that a test chooses.
enum DemoPair {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Ops/demo-pair")

    struct Limits {
        var threads = 1
        var chunk = 64
        var rows = 512
        var blocks = 4_096
        var kernels = "own"
        var cacheFormat = KeyValueFormat.float32
    }

    static func engine(_ limits: Limits = Limits()) throws -> InferenceEngine {
        let compute = try ComputeThreads(count: limits.threads)
        let models = try ["slm", "llm"].map { name in
            var entry = ModelPoolDescription.Model(
                path: name, kernels: limits.kernels, maximumBatchTokens: limits.rows, maximumPrefillChunk: limits.chunk)
            entry.kvCacheType = limits.cacheFormat
            return try LoadedModel(
                OpenedModel(name: name, path: folder.appendingPathComponent(name).path, entry: entry),
                blocks: limits.blocks, threads: compute)
        }
        return try InferenceEngine(models)
    }

    /// The first `count` shipped test problems.
    static func problems(_ count: Int) throws -> [String] {
        struct Line: Decodable { var prompt: String }
        let text = try String(contentsOf: folder.appendingPathComponent("problems/test-500.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").prefix(count).map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).prompt
        }
    }
}

/// Everything a model said about one problem, for comparison bit by bit.
struct Transcript: Equatable {
    var tokens: [[TokenID]] = []
    var finishes: [FinishReason] = []
    var entropies: [Double] = []
    var sums: [Double] = []

    /// Alternates the models by entropy until thinking ends, as a routed job does.
    static func solve(_ problem: String, number: Int, on engine: InferenceEngine, steps: Range<Int>? = nil) async throws
        -> Transcript
    {
        let slm = try #require(engine.model(named: "slm"))
        let llm = try #require(engine.model(named: "llm"))
        var transcript = Transcript()
        let sequence = SequenceID(UInt64(number))
        var context = try llm.promptTokens(for: .prompt(problem))
        let stop = StopCondition(
            delimiter: "\n\n", thinkingEnd: .init(token: llm.vocabulary.thinkingEnd))
        let sampling = SamplingParameters(temperature: 0.8, topP: 0.95)
        for step in 0..<24 {
            let randomness = Randomness(seed: UInt64(number), step: UInt32(step))
            let probe = try await slm.probe(
                ProbeRequest(sequence: sequence, context: context, sampling: sampling, randomness: randomness))
            let owner = probe.signals.entropy > 0.05 ? llm : slm
            let generation = try await owner.generate(
                GenerationRequest(
                    sequence: sequence, context: context,
                    firstToken: probe.signals.entropy > 0.05 ? nil : probe.sampledToken, maximumTokens: 64, stop: stop,
                    sampling: sampling, randomness: randomness))
            transcript.tokens.append(generation.tokens)
            transcript.finishes.append(generation.finish)
            transcript.entropies.append(probe.signals.entropy)
            transcript.sums += [generation.logProbability, generation.entropySum]
            context += generation.tokens
            if generation.finish != .delimiter { break }
            if let steps, step + 1 == steps.upperBound {  // forget everything: the next step prefills anew
                slm.close(sequence)
                llm.close(sequence)
            }
        }
        slm.close(sequence)
        llm.close(sequence)
        return transcript
    }

    static func solveAll(_ problems: [String], on engine: InferenceEngine) async throws -> [Transcript] {
        try await withThrowingTaskGroup(of: (Int, Transcript).self) { group in
            for (i, problem) in problems.enumerated() {
                group.addTask { (i, try await solve(problem, number: i + 1, on: engine)) }
            }
            var results = Array(repeating: Transcript(), count: problems.count)
            for try await (i, transcript) in group { results[i] = transcript }
            return results
        }
    }
}
