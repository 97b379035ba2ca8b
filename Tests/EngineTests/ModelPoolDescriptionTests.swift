import Foundation
import Kernels
import Testing

@testable import Engine

@Suite struct ModelPoolDescriptionTests {
    private func description(model: String) throws -> ModelPoolDescription {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        let text = """
            {"default_pair": "p", "models": {"m": \(model)}, "pairs": {"p": {"slm": "m", "llm": "m"}}}
            """
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try ModelPoolDescription.read(file)
    }

    @Test(arguments: [("", Precision?.none), (#", "precision": "exact""#, .exact), (#", "precision": "fast""#, .fast)])
    func precisionIsRead(_ setting: String, _ expected: Precision?) throws {
        #expect(try description(model: #"{"path": "x"\#(setting)}"#).models["m"]?.precision == expected)
    }

    @Test func cacheTypeIsRead() throws {
        let model = try description(model: #"{"path": "x", "kv_cache_type": "f16"}"#).models["m"]
        #expect(model?.kvCacheType == .float16)
    }

    @Test func unknownPrecisionIsRefused() throws {
        let error = try #require(throws: ModelPoolError.self) {
            try description(model: #"{"path": "x", "precision": "half"}"#)
        }
        #expect(
            error.description.hasSuffix(#"models.m.precision: expected "exact" or "fast", got "half""#),
            "\(error)")
    }

    /// Sizes that would overflow once they are bytes, and a family that nobody has.
    @Test(arguments: [
        (#""max_batch_tokens": 9223372036854775807"#, "expected a number from 1 to 1048576, got 9223372036854775807"),
        (#""kv_cache_mib": 9223372036854775807"#, "expected a number from 1 to 1073741824, got 9223372036854775807"),
        (#""max_prefill_chunk": 0"#, "expected a number from 1 to 1048576, got 0"),
        (#""kernels": "blas""#, #"expected "own" or "openblas", got "blas""#),
    ])
    func valuesOutOfRangeAreRefused(_ setting: String, _ complaint: String) throws {
        let error = try #require(throws: ModelPoolError.self) {
            try description(model: #"{"path": "x", \#(setting)}"#)
        }
        #expect(error.description.hasSuffix(complaint), "\(error)")
    }

    @Test func simulatedModelsAreRead() throws {
        let model = try description(
            model: #"{"simulated": {"steps": [2, 3], "tokens_per_step": [5, 9], "ms_per_token": 0.5}}"#
        ).models["m"]
        #expect(model?.path == nil)
        #expect(model?.simulated?.steps == 2...3)
        #expect(model?.simulated?.timePerToken == .microseconds(500))
    }

    @Test(arguments: [
        (#"{"simulated": {"steps": [3, 2]}}"#, "simulated.steps: expected [least, most] within 1 to 10000, got [3, 2]"),
        (#"{"simulated": {"tokens_per_step": [1, 2]}}"#, "expected [least, most] within 3 to 100000, got [1, 2]"),
        (#"{"simulated": {"ms_per_probe": -1}}"#, "expected milliseconds from 0 to 60000.0, got -1.0"),
        (#"{"simulated": {"speed": 1}}"#, "unknown key"),
        (#"{"simulated": {}, "path": "x"}"#, "models.m.path: a simulated model takes no other key"),
        ("{}", "models.m.path: key is missing"),
    ])
    func senselessSimulationsAreRefused(_ model: String, _ complaint: String) throws {
        let error = try #require(throws: ModelPoolError.self) { try description(model: model) }
        #expect(error.description.contains(complaint), "\(error)")
    }
}
