import Foundation
import Testing

@testable import glimpq

@Suite struct ContentKeyTests {
    /// FIPS 180-4's examples, and lengths around the end of a block (by `sha256sum`).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ])
    func hashesAreThoseOfTheStandard(text: String, expected: String) {
        var hash = SHA256()
        hash.add(text.utf8)
        #expect(hash.text == expected)
        #expect(hash.text == expected)  // reading it does not change it
    }

    @Test func partsCannotRunIntoEachOther() {
        func hash(_ parts: [String?]) -> String {
            var hash = SHA256()
            for part in parts { hash.add(part: part) }
            return hash.text
        }
        #expect(hash(["ab", "c"]) != hash(["a", "bc"]))
        #expect(hash([nil]) != hash([""]))
    }

    @Test func objectsHaveOneForm() {
        let object = CanonicalJSON.object([
            ("b", "0.20"), ("a", "1.0"), ("c", "1"), ("c", "null"), ("d", #"{"y": 1e0, "x":[1, 2.50]}"#),
        ])
        #expect(object == #"{"a": 1, "b": 0.2, "d": {"x": [1, 2.5], "y": 1}}"#)
        #expect(CanonicalJSON.text("9007199254740993") == "9007199254740993")
        #expect(CanonicalJSON.text("1e-05") == CanonicalJSON.text("0.00001"))
    }

    private func pool(_ change: (String) -> String = { $0 }) throws -> PairFacts {
        let text = change(
            """
            {"default_pair": "p", "models": {
              "s": {"simulated": {"steps": [1, 2], "parameters": 5}}, "l": {"simulated": {"steps": [1, 2], "parameters": 50}},
              "j": {"simulated": {"steps": [3, 3]}}},
             "heads": {}, "pairs": {"p": {"slm": "s", "llm": "l", "default_tau": 0.2, "entropy_sample": [0.1],
               "judge": {"model": "j", "question": "ok?"}, "router": {"r2r": "s", "r-stitch-plus": "j"}}}}
            """)
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("pool-\(UUID().uuidString).json")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try PairFacts(file: file, pair: nil)
    }

    private func key(_ pair: PairFacts, _ strategy: String, _ params: String = "{}", _ inFlight: Int = 64) -> String {
        ContentKey(strategy: strategy, params: params, pair: pair, inFlight: inFlight)
            .text(EvaluationProblem(id: "1", prompt: "p", messages: nil, referenceAnswer: "r"), seed: 1)
    }

    @Test func aKeyChangesWithWhatItsResultDependsOn() throws {
        let pair = try pool()
        let base = key(pair, "glimprouter")
        #expect(base == key(try pool(), "glimprouter"))
        #expect(base != key(pair, "glimprouter", #"{"tau": 1}"#))
        #expect(base != key(pair, "glimprouter", "{}", 1))
        #expect(base != key(pair, "random"))
        let problem = EvaluationProblem(id: "1", prompt: "p", messages: nil, referenceAnswer: "r")
        let content = ContentKey(strategy: "glimprouter", params: "{}", pair: pair, inFlight: 64)
        #expect(base == content.text(problem, seed: 1) && base != content.text(problem, seed: 2))
        let other = EvaluationProblem(id: "1", prompt: "p", messages: nil, referenceAnswer: "R")
        #expect(base != content.text(other, seed: 1))
        let renamed = EvaluationProblem(id: "2", prompt: "p", messages: nil, referenceAnswer: "r")
        #expect(base == content.text(renamed, seed: 1))
        let timed = ContentKey(strategy: "glimprouter", params: "{}", pair: pair, inFlight: 64, isTimed: true)
        #expect(base != timed.text(problem, seed: 1))
        let later = ContentKey(strategy: "glimprouter", params: "{}", pair: pair, inFlight: 64, version: "9")
        #expect(base != later.text(problem, seed: 1))
        #expect(base != key(try pool { $0.replacing(#""parameters": 50"#, with: #""parameters": 51"#) }, "glimprouter"))
    }

    /// What a strategy does not look at must not cost its results.
    @Test func aKeyKeepsToWhatItsStrategyUses() throws {
        let pair = try pool()
        let otherTau = try pool { $0.replacing("0.2", with: "0.3") }
        let otherJudge = try pool { $0.replacing("[3, 3]", with: "[4, 4]") }
        #expect(key(pair, "glimprouter") != key(otherTau, "glimprouter"))
        #expect(key(pair, "glimprouter", #"{"tau": 1}"#) == key(otherTau, "glimprouter", #"{"tau": 1}"#))
        #expect(key(pair, "llm") == key(otherTau, "llm"))
        #expect(key(pair, "glimprouter") == key(otherJudge, "glimprouter"))
        #expect(key(pair, "llm-judge") != key(otherJudge, "llm-judge"))
        #expect(key(pair, "r-stitch-plus") != key(otherJudge, "r-stitch-plus"))
        #expect(key(pair, "r2r") == key(otherJudge, "r2r"))
    }
}
