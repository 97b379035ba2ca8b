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
}
