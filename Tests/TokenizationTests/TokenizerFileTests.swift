import Foundation
import Testing
import Tokenization

/// What a tokenizer.json may not hold, and that nothing traps.
@Suite struct TokenizerFileTests {
    static func error(_ change: (inout TestTokenizer) -> Void) -> TokenizerError? {
        var file = TestTokenizer()
        change(&file)
        return #expect(throws: TokenizerError.self) { _ = try file.tokenizer() }
    }

    static func path(_ change: (inout TestTokenizer) -> Void) -> String? {
        switch error(change) {
        case .malformed(_, let path, _, _), .unsupported(_, let path, _, _): path
        case .unreadable, nil: nil
        }
    }

    @Test func errorsNameTheJSONPath() {
        #expect(Self.path { $0.expression = #"\w+"# } == "pre_tokenizer.pretokenizers[0].pattern.Regex")
        #expect(Self.path { $0.preTokenizer = ["type": "ByteLevel"] } == "pre_tokenizer.type")
        #expect(Self.path { $0.preTokenizer = NSNull() } == "pre_tokenizer")
        #expect(Self.path { $0.normalizer = ["type": "NFKC"] } == "normalizer.type")
        #expect(Self.path { $0.model = ["type": "Unigram"] } == "model.type")
        #expect(Self.path { $0.model = ["dropout": 0.1] } == "model.dropout")
        #expect(Self.path { $0.model = ["end_of_word_suffix": "</w>"] } == "model.end_of_word_suffix")
        #expect(Self.path { $0.vocabulary["a"] = nil } == "model.vocab")
        #expect(Self.path { $0.vocabulary = [:] } == "model.vocab")
        #expect(Self.path { $0.vocabulary["ab"] = -1 } == "model.vocab.ab")
        #expect(Self.path { $0.vocabulary["ab"] = 1.5 } == "model.vocab.ab")
        #expect(Self.path { $0.vocabulary["ab"] = 4_000_000_000 } == "model.vocab.ab")
        #expect(Self.path { $0.vocabulary["ab"] = 97 }?.hasPrefix("model.vocab.a") == true)
        #expect(Self.path { $0.vocabulary["字"] = 300 } == #"model.vocab["字"]"#)
        #expect(Self.path { $0.merges = ["a"] } == "model.merges[0]")
        #expect(Self.path { $0.merges = ["a b c"] } == "model.merges[0]")
        #expect(Self.path { $0.merges = [["a", "b", "c"]] } == "model.merges[0]")
        #expect(Self.path { $0.merges = [["a", 1]] } == "model.merges[0][1]")
        #expect(Self.path { $0.merges = [["a", "b"]] } == "model.merges[0]")
        #expect(Self.path { $0.addedTokens = [["id": 300]] } == "added_tokens[0]")
        #expect(
            Self.path { $0.addedTokens = [["id": 300, "content": "x", "lstrip": true]] } == "added_tokens[0].lstrip")
    }

    /// A small file cannot ask for large tables, nor for a search whose cost grows with its square.
    @Test func demandsAreInProportionToTheFile() {
        #expect(Self.path { $0.vocabulary["ab"] = 16_000_000 } == "model.vocab.ab")
        #expect(Self.path { $0.addedTokens = [["id": 16_000_000, "content": "x"]] } == "added_tokens[0].id")
        let long = String(repeating: "a", count: 1025)
        #expect(Self.path { $0.addedTokens = [["id": 300, "content": long]] } == "added_tokens[0]")
    }

    @Test func messagesSayWhatToExpect() {
        let error = Self.error { $0.merges = [["a", "b"]] }
        #expect(
            error?.description
                == #"test.json: model.merges[0]: expected tokens of the vocabulary, got "ab", which is none"#)
        #expect(error?.code == "tokenizer_malformed")
    }

    @Test func aMissingFile() {
        let url = URL(fileURLWithPath: "/nowhere/tokenizer.json")
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(contentsOf: url) }
        #expect(error?.code == "tokenizer_unreadable")
        #expect(error?.description.contains("/nowhere/tokenizer.json") == true)
    }

    @Test(arguments: [
        "", " ", "{", "[]", "null", "{}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{\"model\":{}} x", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\u12", "{\"a\":\"\n\"}",
        "{\"a\":tru}", "{\"a\":nul}", "{\"a\":[1 2]}", "{\"a\":[1,]}", "{1:2}", "{\"model\":3}",
        "{\"added_tokens\":{}}",
        "{\"a\":" + String(repeating: "[", count: 100_000), "{\"a\":\(String(repeating: "{\"b\":", count: 100_000))",
    ])
    func brokenDocuments(text: String) {
        #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: Array(text.utf8)) }
    }

    @Test func illFormedUTF8() {
        var bytes = Array(#"{"version":"x"}"#.utf8)
        bytes[12] = 0xFF
        #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: bytes) }
    }

    static var small: TestTokenizer {
        var file = TestTokenizer()
        file.vocabulary["ab"] = 256
        file.vocabulary["abc"] = 257
        file.merges = ["a b", ["ab", "c"]]
        file.add("<|\u{E9}nd|>")
        return file
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try Self.small.json()
        for length in 0..<bytes.count {
            #expect(throws: TokenizerError.self, "\(length) bytes") {
                try Tokenizer(tokenizerJSON: Array(bytes[..<length]))
            }
        }
    }

    /// Changed bytes give a tokenizer or an error; the test fails by trapping.
    @Test func changedBytesNeverTrap() throws {
        let bytes = try Self.small.json()
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var loaded = 0
        for _ in 0..<3000 {
            var changed = bytes
            for _ in 0...next(3) {
                switch next(3) {
                case 0: changed[next(changed.count)] = UInt8(next(256))
                case 1: changed.remove(at: next(changed.count))
                default: changed.insert(Array("{}[]\",:0\\u".utf8)[next(10)], at: next(changed.count))
                }
            }
            if let tokenizer = try? Tokenizer(tokenizerJSON: changed) {
                loaded += 1
                let ids = tokenizer.encode("abcabd <|\u{E9}nd|> 12", matchingSpecialTokens: true)
                #expect(ids.allSatisfy { Int($0) < tokenizer.count })
            }
        }
        #expect(loaded > 0)
    }
}
