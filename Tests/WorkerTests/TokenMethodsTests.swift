import Engine
import Foundation
import Generation
import Routing
import Testing

@testable import Worker

/// Methods that change models inside steps, draft or leave early, on the shipped pair and its engine.
@Suite struct TokenMethodsTests {
    /// The pair, on an engine of its own.
    private static func pair() throws -> ModelPair {
        let file = WorkerFixture.root.appendingPathComponent("Config/models.demo.json")
        let pool = try ModelPool(
            try ModelPoolDescription.read(file), relativeTo: file.deletingLastPathComponent(), threads: 1)
        return ModelPair(try #require(pool.pair(named: "demo")))
    }

    private static func prompts(_ count: Int) throws -> [String] {
        struct Line: Decodable { var prompt: String }
        let file = WorkerFixture.root.appendingPathComponent("Ops/demo-pair/problems/test-500.jsonl")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(count).map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).prompt
        }
    }

    private actor Recorder {
        var records: [StepRecord] = []
        func append(_ record: StepRecord) { records.append(record) }
    }

    /// The records of a job without what they cost.
    private static func solve(
        _ prompt: String, _ strategy: String, _ parameters: String, pair: ModelPair, session: Int,
        resuming: [StepRecord] = []
    ) async throws -> [StepRecord] {
        let recorder = Recorder()
        let session = try ReasoningSession(
            specification: JobSpecification(prompt: prompt, strategy: strategy, parameters: parameters, seed: 5),
            pair: pair, sequences: SessionSequences(session: UInt64(session)), resuming: resuming)
        _ = try await session.run { await recorder.append($0) }
        return (await resuming + recorder.records).map { record in
            var record = record
            record.cost = StepCost()
            return record
        }
    }

    /// Solves all prompts, one after the other or at once.
    private static func solve(
        _ prompts: [String], _ strategy: String, _ parameters: String, pair: ModelPair, atOnce: Bool
    ) async throws -> [[StepRecord]] {
        if !atOnce {
            var all: [[StepRecord]] = []
            for (index, prompt) in prompts.enumerated() {
                all.append(try await solve(prompt, strategy, parameters, pair: pair, session: index))
            }
            return all
        }
        return try await withThrowingTaskGroup(of: (Int, [StepRecord]).self) { group in
            for (index, prompt) in prompts.enumerated() {
                group.addTask {
                    (index, try await solve(prompt, strategy, parameters, pair: pair, session: 1000 + index))
                }
            }
            var all = [[StepRecord]](repeating: [], count: prompts.count)
            for try await (index, records) in group { all[index] = records }
            return all
        }
    }

    @Test(arguments: ["0", "0.6"]) func draftsChangeNoToken(temperature: String) async throws {
        let pair = try Self.pair(), prompts = try Self.prompts(12)
        let plain = try await Self.solve(
            prompts, "llm", #"{"temperature": \#(temperature)}"#, pair: pair, atOnce: true)
        for atOnce in [false, true] {
            let fast = try await Self.solve(
                prompts, "speculative", #"{"temperature": \#(temperature), "draft_tokens": 4}"#, pair: pair,
                atOnce: atOnce)
            #expect(fast.map { $0.map(\.tokens) } == plain.map { $0.map(\.tokens) })
            #expect(fast.map { $0.map(\.finish) } == plain.map { $0.map(\.finish) })
            let drafting = fast.joined().compactMap(\.details.drafting)
            let drafted = drafting.reduce(0) { $0 + $1.drafted }, accepted = drafting.reduce(0) { $0 + $1.accepted }
            #expect(accepted > drafted / 2 && accepted < drafted)
        }
    }

    @Test(arguments: [
        ("r-stitch", #"{"native": true, "max_step_tokens": 6}"#),
        ("r-stitch", #"{"draft_tokens": 3, "acceptance": "ratio", "exit_words": [], "exit_confidence": 0.99}"#),
        ("r2r", #"{"router": "entropy", "draft_tokens": 2}"#), ("r2r", #"{"router": "logu", "temperature": 0}"#),
        ("deer", #"{"exit_words": [], "draft_tokens": 3}"#),
        ("glimprouter", #"{"tau": 0.2, "exit_words": ["Sub"], "exit_confidence": 0.99, "draft_tokens": 5}"#),
    ])
    func neitherTheBatchNorACutChangesARecord(strategy: String, parameters: String) async throws {
        let pair = try Self.pair(), prompts = try Self.prompts(8)
        let calm = try await Self.solve(prompts, strategy, parameters, pair: pair, atOnce: false)
        #expect(try await Self.solve(prompts, strategy, parameters, pair: pair, atOnce: true) == calm)
        for (job, records) in calm.prefix(2).enumerated() {
            for cut in records.indices {
                let resumed = try await Self.solve(
                    prompts[job], strategy, parameters, pair: pair, session: 5000 + cut,
                    resuming: Array(records[..<cut]))
                #expect(resumed == records, "cut at \(cut)")
            }
        }
    }
}
