import Foundation
import Generation
import Testing

@testable import Engine

/// Heads, judges, scorers and routers of a pool file.
@Suite struct PoolAssistantTests {
    static let operations = DemoPair.folder.deletingLastPathComponent()

    private static func pool(
        heads: String =
            #""prm": {"path": "routers/demo-prm", "model": "judge"}, "r2r": {"path": "routers/demo-r2r", "model": "slm"}"#,
        pair: String =
            #", "judge": {"model": "judge", "question": "?", "prefill": ""}, "scorer": {"model": "judge", "head": "prm"}, "router": {"r2r": "r2r"}"#,
        judge: String = #"{"path": "routers/demo-judge"}"#
    ) throws -> ModelPoolDescription {
        let text = """
            {"default_pair": "p", "threads": 1, "memory_mib": 4096,
             "models": {"slm": {"path": "demo-pair/slm"}, "llm": {"path": "demo-pair/llm"}, "judge": \(judge)},
             "heads": {\(heads)},
             "pairs": {"p": {"slm": "slm", "llm": "llm"\(pair)}}}
            """
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try ModelPoolDescription.read(file)
    }

    static func load(_ description: ModelPoolDescription) throws -> ModelPool {
        try ModelPool(description, relativeTo: operations)
    }

    @Test func aPairHasItsAssistants() async throws {
        let pool = try Self.load(Self.pool())
        let pair = try #require(pool.pair(named: nil))
        #expect(pair.judge?.model.identity.name == "judge" && pair.judge?.question == "?" && pair.judge?.prefill == "")
        #expect(pair.scorer?.model.identity.name == "judge" && pair.scorer?.head == "prm")
        #expect(pair.routers == ["r2r": "r2r"])
        #expect(pair.slm.headNames == ["r2r"] && pair.llm.headNames.isEmpty)
        #expect(pool.plan.models.map(\.identity.name) == ["judge", "llm", "slm"])
        #expect(try pair.judge?.model.followUp(question: "?", prefill: "") == [316, 63, 317])
        await pool.engine.shutDown()
    }

    @Test(arguments: [
        (#""prm": {"path": "routers/demo-prm", "model": "nobody"}"#, "names model \"nobody\""),
        (#""prm": {"model": "judge"}"#, "lacks \"path\""),
        (#""x": {"path": "y", "model": "slm", "z": 1}"#, "unknown key"),
    ])
    func senselessHeadsAreRefused(heads: String, reason: String) {
        let error = #expect(throws: ModelPoolError.self) { try Self.pool(heads: heads, pair: "") }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (#", "judge": {"model": "nobody"}"#, "names model \"nobody\""),
        (#", "judge": {"model": "judge", "head": "prm"}"#, "\"head\" is for a scorer"),
        (#", "scorer": {"model": "judge"}"#, "expected \"model\" and \"head\""),
        (#", "scorer": {"model": "judge", "head": "r2r"}"#, "head \"r2r\" of model \"slm\"; expected one of judge"),
        (#", "router": {"r2r": "none"}"#, "names head \"none\""),
        (#", "router": {"r2r": "prm"}"#, "head \"prm\" of model \"judge\"; expected one of llm or slm"),
    ])
    func senselessPairsAreRefused(pair: String, reason: String) {
        let error = #expect(throws: ModelPoolError.self) { try Self.pool(pair: pair) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("slm", "26be976edf0df331", "hidden_size: expected 64, the hidden size of model slm, got 128"),
        ("llm", "0123456789abcdef", "base.fingerprint: trained on demo-judge"),
    ])
    func aHeadOfAnotherModelIsRefused(model: String, fingerprint: String, reason: String) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString + "/demo-prm")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
        let shipped = Self.operations.appendingPathComponent("routers/demo-prm")
        let text = try String(contentsOf: shipped.appendingPathComponent("head.json"), encoding: .utf8)
        try text.replacing("26be976edf0df331", with: fingerprint)
            .write(to: folder.appendingPathComponent("head.json"), atomically: true, encoding: .utf8)
        try FileManager.default.copyItem(
            at: shipped.appendingPathComponent("head.safetensors"),
            to: folder.appendingPathComponent("head.safetensors"))
        let description = try Self.pool(
            heads: #""prm": {"path": "\#(folder.path)", "model": "\#(model)"}"#, pair: "")
        let error = #expect(throws: ModelPoolError.self) {
            try ModelPool.plan(of: description, relativeTo: Self.operations)
        }
        #expect(error?.description.contains("demo-prm/head.json: \(reason)") == true, "\(String(describing: error))")
    }

    @Test func aJudgeOfAnotherVocabularyIsRefused() throws {
        let description = try Self.pool(
            heads: "", pair: #", "judge": {"model": "judge"}"#, judge: #"{"simulated": {}}"#)
        let error = #expect(throws: ModelPoolError.self) { try Self.load(description) }
        #expect(error?.code == "bad_pair", "\(String(describing: error))")
    }

    /// A value is the same bits whoever asks: a probe alone, probes in a batch, a rule inside a generation or a draft.
    @Test func aRouterSaysTheSameEverywhere() async throws {
        let pool = try Self.load(Self.pool())
        let slm = try #require(pool.model(named: "slm"))
        for problem in try DemoPair.problems(4) {
            let prompt = try slm.promptTokens(for: .prompt(problem))
            let plain = try await slm.generate(DraftTests.request(1, prompt, .greedy, most: 60))
            @Sendable func value(_ index: Int, sequence: Int) async throws -> Double {
                var probe = ProbeRequest(
                    sequence: SequenceID(UInt64(sequence)), context: prompt + plain.tokens.prefix(index),
                    sampling: .greedy, randomness: Randomness(seed: 0, step: 0))
                probe.heads = ["r2r"]
                return try await slm.probe(probe).headValues[0]
            }
            var values: [Double] = []
            for index in plain.tokens.indices { values.append(try await value(index, sequence: 2)) }
            #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 } && Set(values).count > 10)
            try await withThrowingTaskGroup(of: (Int, Double).self) { group in
                for index in values.indices {
                    group.addTask { (index, try await value(index, sequence: 100 + index)) }
                }
                for try await (index, value) in group { #expect(value == values[index]) }
            }
            for bound in [values.max() ?? 1, values.sorted()[values.count / 2], 0.5] {
                var request = DraftTests.request(1, prompt, .greedy, most: 60)
                request.handover = HandoverRule(.headAtLeast(head: "r2r", value: bound), token: .refused)
                let first = values.firstIndex { $0 >= bound } ?? plain.tokens.count
                for draft in [[], plain.tokens] {
                    request.draft = draft
                    let part = try await slm.generate(request)
                    #expect(part.tokens == Array(plain.tokens.prefix(first)))
                    if first < values.count { #expect(part.handoverSignal == values[first]) }
                }
                // Where the model is sure the head is not asked.
                request.draft = []
                request.handover = HandoverRule(
                    .headAtLeast(head: "r2r", value: bound, entropyAbove: 1), token: .refused)
                #expect(try await slm.generate(request).tokens == plain.tokens)
            }
        }
        await pool.engine.shutDown()
    }
}
