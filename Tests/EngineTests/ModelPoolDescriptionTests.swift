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
        (
            #""max_batch_tokens": 9223372036854775807"#,
            "expected a whole number from 1 to 1048576, got 9223372036854775807"
        ),
        (
            #""kv_cache_mib": 9223372036854775807"#,
            "expected a whole number from 1 to 1073741824, got 9223372036854775807"
        ),
        (#""max_prefill_chunk": 0"#, "expected a whole number from 1 to 1048576, got 0"),
        (#""kernels": "blas""#, #"expected "own" or "openblas", got "blas""#),
    ])
    func valuesOutOfRangeAreRefused(_ setting: String, _ complaint: String) throws {
        let error = try #require(throws: ModelPoolError.self) {
            try description(model: #"{"path": "x", \#(setting)}"#)
        }
        #expect(error.description.hasSuffix(complaint), "\(error)")
    }

    /// What is said of a setting, after the line and the path.
    @Test(arguments: [
        (#""max_batch_tokens": 1.5"#, "models.m.max_batch_tokens: expected a whole number from 1 to 1048576"),
        (#""max_batch_tokens": "many""#, "models.m.max_batch_tokens: expected a whole number from 1 to 1048576"),
        (#""template": 3"#, "models.m.template: expected a text in double quotes"),
        (#""max_prefill_chunk": 600"#, "expected at most max_batch_tokens, 512 unless stated, got 600"),
        (#""max_batch_tokens": 64, "max_prefill_chunk": 65"#, "expected at most max_batch_tokens, 64, got 65"),
        (
            #""kernels": "openblas", "precision": "fast""#,
            #"models.m.precision: expected "exact" beside "kernels": "openblas", which has no fast products"#
        ),
        (#""precission": "fast""#, "unknown key; known are kernels, kv_cache_mib, kv_cache_type, max_batch_tokens, "),
    ])
    func settingsThatMakeNoSense(_ setting: String, _ complaint: String) throws {
        let error = try #require(throws: ModelPoolError.self) {
            try description(model: #"{"path": "x", \#(setting)}"#)
        }
        #expect(error.description.contains(complaint), "\(error)")
        #expect(error.description.contains(".json: line 1, column "), "\(error)")
    }

    /// The place is that of the key, or of the object that lacks one, as an editor counts.
    @Test(arguments: [
        ("{\n  \"a\": 1,\n  \"a\": 2}", "line 3, column 3: key \"a\" appears twice"),
        ("{\n  \"a\": 1,,", "line 2, column 10: expected a key"),
        ("{\n}", "line 1, column 1: models: key is missing"),
        (
            "{\"models\": {\"m\":\n {\"path\": \"}\\\"\",\n  \"x\\u0079\": [{}]}}}",
            "line 3, column 3: models.m.xy: unknown key"
        ),
        ("{\"models\": {\"m\": {\"path\": \"a\"},\n\"n\": 7}}", "line 2, column 1: models.n: expected an object"),
        (
            "{\"models\": {\"m\": {\"path\": \"a\"}}, \"pairs\": {\"p\": {\"slm\": \"m\", \"llm\": \"m\",\n"
                + " \"entropy_sample\": [0.1,\n \"b\"]}}, \"default_pair\": \"p\"}",
            "line 3, column 2: pairs.p.entropy_sample.Index 1: expected a number"
        ),
        (
            "{\"models\": {\"m\": {\"path\": \"a\"}}, \"pairs\": {\"p\": {\"slm\": \"m\", \"llm\": \"m\"}},\n"
                + " \"default_pair\": \"q\"}", "line 2, column 2: default_pair: expected one of p, got \"q\""
        ),
    ])
    func placesAreNamed(_ text: String, _ complaint: String) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.write(to: file, atomically: true, encoding: .utf8)
        let error = try #require(throws: ModelPoolError.self) { try ModelPoolDescription.read(file) }
        #expect(error.description.contains(": \(complaint)"), "\(error)")
    }

    @Test func everyBadModelIsNamed() throws {
        let description = try description(model: #"{"path": "/none"}"#)
        var two = description
        two.models["n"] = ModelPoolDescription.Model(path: "/etc/passwd")
        let error = try #require(throws: ModelPoolError.self) {
            try ModelPool.plan(of: two, relativeTo: URL(fileURLWithPath: "/"))
        }
        #expect(
            error.description == """
                model "m" (/none): cannot be read: no such file or folder
                model "n" (/etc/passwd): not a checkpoint: expected a folder or a GGUF file
                """)
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
