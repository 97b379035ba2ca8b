import ArgumentParser
import Engine
import Foundation
import Generation

/// Measures speculative decoding with a pair of models on this machine.
struct BenchSpeculative: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speculative",
        abstract: "Measure speculative decoding with a pair of models on this machine.",
        discussion: """
            The large model alone against the large model that verifies drafts of the small one, through the engine and \
            without a queue. Both write the same tokens. On random weights the two models agree by chance only: then \
            the time per round is what counts.
            """)

    @Argument(help: "Model pool file.")
    var pool: String

    @Option(help: "Pair of the pool. Default: its default pair.")
    var pair: String?

    @Option(help: ArgumentHelp("JSONL file whose \"prompt\" is read. Default: random tokens.", valueName: "file"))
    var prompts: String?

    @Option(help: ArgumentHelp("Tokens of a random prompt.", valueName: "n"))
    var context = 64

    @Option(help: ArgumentHelp("Most tokens of each sequence.", valueName: "n"))
    var tokens = 128

    @Option(help: ArgumentHelp("Sequences at a time, with commas between.", valueName: "list"))
    var sequences = "1,16"

    @Option(help: ArgumentHelp("Tokens of a draft, with commas between.", valueName: "list"))
    var draftTokens = "1,2,3,4,5,6,7,8"

    @Option(help: "Softmax temperature; 0 is greedy.")
    var temperature = 0.6

    @Option(help: ArgumentHelp("Compute threads. Default: as the pool file says.", valueName: "n"))
    var threads: Int?

    @Option(name: .customLong("repeat"), help: ArgumentHelp("Repetitions; they alternate.", valueName: "n"))
    var repetitions = 3

    func validate() throws {
        if repetitions < 1 || tokens < 1 || context < 1 || !(0...100).contains(temperature) {
            throw ValidationError("--repeat, --tokens and --context start at 1; --temperature is 0 to 100.")
        }
        _ = try counts(sequences, "--sequences")
        _ = try counts(draftTokens, "--draft-tokens")
    }

    func run() async throws {
        let file = URL(fileURLWithPath: pool), description = try ModelPoolDescription.read(file)
        let loaded = try ModelPool(description, relativeTo: file.deletingLastPathComponent(), threads: threads)
        guard let served = loaded.pair(named: pair) else {
            throw ValidationError("--pair: expected one of \(loaded.pairNames.joined(separator: ", ")).")
        }
        guard served.slm.vocabulary.isInterchangeable(with: served.llm.vocabulary) else {
            throw ValidationError("--pair: the models of \(served.name) have different vocabularies.")
        }
        for count in try counts(sequences, "--sequences") {
            let bench = SpeculativeBench(
                slm: served.slm, llm: served.llm, contexts: try contexts(count, for: served.llm), tokens: tokens,
                sampling: SamplingParameters(temperature: temperature, topP: temperature > 0 ? 0.95 : 1))
            let drafts = try counts(draftTokens, "--draft-tokens")
            var runs: [Int: [SpeculativeBench.Run]] = [:]
            for _ in 0..<repetitions {
                for draft in [0] + drafts { runs[draft, default: []].append(try await bench.run(draftTokens: draft)) }
            }
            let alone = Self.median(runs[0] ?? [])
            for draft in drafts {
                try ByteSink.standardOutput.write(
                    line: Self.median(runs[draft] ?? []).json(
                        pair: served.name, sequences: count, draftTokens: draft, alone: alone))
            }
        }
        await loaded.engine.shutDown()
    }

    private static func median(_ runs: [SpeculativeBench.Run]) -> SpeculativeBench.Run {
        runs.sorted { $0.tokensPerSecond < $1.tokensPerSecond }[(runs.count - 1) / 2]
    }

    private func contexts(_ count: Int, for model: any LanguageModel) throws -> [[TokenID]] {
        guard let prompts else {
            return (0..<count).map { number in
                let numbers = Randomness(seed: UInt64(number), step: 0)
                return (0..<context).map {
                    TokenID(numbers.uniform(position: UInt32($0)) * Double(model.vocabulary.count))
                }
            }
        }
        struct Line: Decodable { var prompt: String }
        let lines = try String(contentsOfFile: prompts, encoding: .utf8).split(separator: "\n")
        guard !lines.isEmpty else { throw ValidationError("--prompts: \(prompts) has no line.") }
        return try (0..<count).map { number in
            let line = try JSONDecoder().decode(Line.self, from: Data(lines[number % lines.count].utf8))
            return try model.promptTokens(for: .prompt(line.prompt))
        }
    }

    private func counts(_ text: String, _ option: String) throws -> [Int] {
        try text.split(separator: ",").map { part in
            guard let count = Int(part), (1...1024).contains(count) else {
                throw ValidationError("\(option): expected numbers from 1 to 1024 with commas between.")
            }
            return count
        }
    }
}
