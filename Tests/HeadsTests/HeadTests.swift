import Foundation
import Kernels
import Testing

@testable import Heads

/// Heads against PyTorch; `Tests/Golden/heads/make.py` made the files.
@Suite struct HeadTests {
    struct Golden: Decodable {
        struct Row: Decodable {
            var hidden: [Float]
            var embedding: [Float]
            var logits: [Float]
        }

        var rows: [Row]?
        var values: [Double]?
        var parameters: Int?
    }

    static let names = ["linear-probe", "reward", "router"]
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/heads")

    static func golden() throws -> [String: Golden] {
        try JSONDecoder().decode(
            [String: Golden].self, from: Data(contentsOf: folder.appendingPathComponent("expected.json")))
    }

    static func head(_ name: String, _ set: InstructionSet = .best, threads: Int = 1) throws -> Head {
        try Head(
            folder: folder.appendingPathComponent(name).path, kernels: VectorKernels(set),
            threads: ComputeThreads(count: threads))
    }

    static func rows(_ golden: Golden) -> HeadRows {
        var rows = HeadRows()
        for row in golden.rows ?? [] {
            rows.append(hidden: row.hidden, embedding: row.embedding, logits: row.logits)
        }
        return rows
    }

    @Test(arguments: names, InstructionSet.available)
    func equalsPyTorch(name: String, set: InstructionSet) throws {
        let golden = try #require(Self.golden()[name]), expected = try #require(golden.values)
        var values: [Double] = []
        try Self.head(name, set).evaluate(Self.rows(golden), into: &values)
        #expect(values.count == expected.count)
        for (value, other) in zip(values, expected) { #expect(abs(value - other) <= 2e-6 * max(1, abs(other))) }
    }

    /// A row's bits depend neither on the rows beside it nor on threads and instruction set.
    @Test(arguments: names) func aRowStandsAlone(name: String) throws {
        let golden = try #require(Self.golden()[name]), rows = try #require(golden.rows)
        var together: [Double] = []
        try Self.head(name).evaluate(Self.rows(golden), into: &together)
        for set in InstructionSet.available {
            let head = try Self.head(name, set, threads: 2)
            var values: [Double] = []
            for (row, expected) in zip(rows, together) {
                var one = HeadRows()
                one.append(hidden: row.hidden, embedding: row.embedding, logits: row.logits)
                head.evaluate(one, into: &values)
                #expect(values.map(\.bitPattern) == [expected.bitPattern], "\(set)")
            }
        }
    }

    @Test func countsTheParametersOfR2R() throws {
        let description = try Scratch(
            """
            {"format": "glimpq-head-1", "inputs": ["hidden", "embedding", "logits"], "hidden_size": 1536, "top_logits": 100,
             "logits_width": 1536, "width": 1024, "input_layers": 2, "blocks": 6, "expansion": 4, "activation": "gelu",
             "output": "sigmoid", "threshold": 0.4}
            """
        ).description()
        #expect(description.parameterCount == 56_302_081)
        #expect(try description.parameterCount == Self.golden()["r2r-default"]?.parameters)
    }

    @Test(arguments: [
        (#""width": 24"#, #""width": 0"#, "width"), (#""width": 24"#, #""with": 24"#, "with"),
        (#""hidden_size": 24"#, #""hidden_size": 23"#, "tensor 'input.0.weight'"),
        (#""blocks": 0"#, #""blocks": 1, "expansion": 2"#, "tensor 'blocks.0.norm.weight'"),
        (#""inputs": ["#, #""inputs": ["embedding", "#, "inputs"), (#""linear""#, #""softmax""#, "output"),
        (#""glimpq-head-1""#, #""glimpq-head-2""#, "format"), (#""gelu""#, #""relu""#, "activation"),
        (#""width": 24"#, #""top_logits": 3, "width": 24"#, "top_logits"),
    ])
    func refusesWhatDoesNotFit(old: String, new: String, place: String) throws {
        let source = Self.folder.appendingPathComponent("linear-probe")
        let text = try String(contentsOf: source.appendingPathComponent("head.json"), encoding: .utf8)
            .replacingOccurrences(of: "[\n    ", with: "[").replacingOccurrences(of: "\n  ]", with: "]")
        #expect(text.contains(old))
        let scratch = try Scratch(
            text.replacingOccurrences(of: old, with: new),
            tensors: Data(contentsOf: source.appendingPathComponent("head.safetensors")))
        do {
            _ = try Head(folder: scratch.folder.path, kernels: VectorKernels(.best), threads: ComputeThreads(count: 1))
            Issue.record("was loaded")
        } catch {
            #expect("\(error)".contains(": \(place): "), "\(error)")
            #expect("\(error)".contains(scratch.folder.path))
        }
    }

    /// A folder of a head that goes away.
    final class Scratch {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

        init(_ json: String, tensors: Data = Data()) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(json.utf8).write(to: folder.appendingPathComponent("head.json"))
            try tensors.write(to: folder.appendingPathComponent("head.safetensors"))
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func description() throws -> HeadDescription {
            try HeadDescription(path: folder.appendingPathComponent("head.json").path)
        }
    }
}
