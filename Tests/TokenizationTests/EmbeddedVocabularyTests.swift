import Testing
import Tokenization

/// What the tokenizer in a GGUF file may ask for, and what is refused by name.
@Suite struct EmbeddedVocabularyTests {
    /// The byte alphabet, a merge and a control token.
    static func vocabulary(_ change: (inout EmbeddedVocabulary) -> Void = { _ in }) -> EmbeddedVocabulary {
        let tokens = TestTokenizer.alphabet + ["ab", "<|end|>", "[PAD258]"]
        var vocabulary = EmbeddedVocabulary(
            source: "model.gguf", model: "gpt2", preTokenizer: "qwen2", tokens: tokens.map { Array($0.utf8)[...] },
            types: Array(repeating: 1, count: 257) + [3, 5], merges: [Array("a b".utf8)[...]])
        change(&vocabulary)
        return vocabulary
    }

    static func error(_ change: (inout EmbeddedVocabulary) -> Void) -> String {
        do {
            _ = try Tokenizer(vocabulary(change))
            return "none"
        } catch { return "\(error)" }
    }

    @Test func reads() throws {
        let tokenizer = try Tokenizer(Self.vocabulary())
        #expect(tokenizer.count == 258)
        #expect(tokenizer.encode("ab<|end|>b", matchingSpecialTokens: true) == [256, 257, 98])
        #expect(tokenizer.addedTokens.map(\.isSpecial) == [true])
        #expect(tokenizer.bytes(of: 258).isEmpty)
    }

    @Test func theWordNamesTheMethod() throws {
        let word = Array("12".utf8)
        func ids(_ name: String) throws -> [Int32] {
            try Tokenizer(
                Self.vocabulary {
                    $0.preTokenizer = name
                    $0.tokens[256] = word[...]
                    $0.merges = []
                }
            ).encode("12", matchingSpecialTokens: false)
        }
        for name in ["qwen2", "deepseek-r1-qwen"] { #expect(try ids(name) == [49, 50]) }
        // Digits stay together, and the word is a token that no merge leads to.
        for name in ["llama-bpe", "llama3", "llama-v3"] { #expect(try ids(name) == [256]) }
    }

    @Test func paddingOfOlderConversionsIsNoToken() throws {
        let tokenizer = try Tokenizer(Self.vocabulary { $0.types[258] = 4 })
        #expect(tokenizer.addedTokens.count == 1)
        #expect(tokenizer.encode("[PAD258]", matchingSpecialTokens: true).count == 8)
    }

    @Test func refusals() {
        #expect(Self.error { $0.model = "llama" }.contains("tokenizer.ggml.model: 'llama' is not supported"))
        #expect(
            Self.error { $0.preTokenizer = "smaug-bpe" }.contains("tokenizer.ggml.pre: 'smaug-bpe' is not supported"))
        #expect(Self.error { $0.preTokenizer = nil }.contains("deepseek-r1-qwen, llama-bpe, llama-v3, llama3, qwen2"))
        #expect(Self.error { $0.types[7] = 6 }.contains("tokenizer.ggml.tokens[7]: expected token type 1 to 5, got 6"))
        #expect(
            Self.error { $0.tokens[257] = [0xff] }.contains("tokenizer.ggml.tokens[257]: expected a spelling in UTF-8"))
        #expect(Self.error { $0.tokens[257] = [] }.contains("an empty one"))
        #expect(Self.error { $0.tokens[256] = Array("字".utf8)[...] }.contains("tokenizer.ggml.tokens[256]"))
        #expect(Self.error { $0.tokens[256] = [0xc4] }.contains("tokenizer.ggml.tokens[256]"))
        #expect(Self.error { $0.tokens[256] = $0.tokens[97] }.contains("a repeated or empty one (id 256)"))
        #expect(Self.error { $0.types[99] = 5 }.contains("none for byte 99"))
        #expect(Self.error { $0.merges = [Array("a b c".utf8)[...]] }.contains("tokenizer.ggml.merges[0]"))
        #expect(Self.error { $0.merges = [Array("b a".utf8)[...]] }.contains("tokenizer.ggml.merges[0]"))
    }
}
