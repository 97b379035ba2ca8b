import Foundation
import Testing
import Tokenization

@Suite struct TokenizerTests {
    @Test func mergesByRankThenFromTheLeft() throws {
        var file = TestTokenizer()
        for (id, token) in ["bc", "ab", "aa", "abc"].enumerated() { file.vocabulary[token] = 300 + id }
        file.merges = ["b c", "a b", "a a"]
        let tokenizer = try file.tokenizer()
        #expect(tokenizer.encode("abc", matchingSpecialTokens: false) == [97, 300])
        #expect(tokenizer.encode("aaa", matchingSpecialTokens: false) == [302, 97])
        #expect(tokenizer.count == 304)
        // A word that is a token by itself is taken whole only where the file says so.
        file.model = ["ignore_merges": true]
        #expect(try file.tokenizer().encode("abc", matchingSpecialTokens: false) == [303])
    }

    @Test func addedTokensAreMatchedOnlyOnRequest() throws {
        var file = TestTokenizer()
        file.add("<a>")
        file.add("<a><b>", special: false)
        file.add("<b>")
        let tokenizer = try file.tokenizer()
        #expect(tokenizer.encode("<a><b><b>x<a>", matchingSpecialTokens: true) == [1001, 1002, 120, 1000])
        #expect(tokenizer.encode("<a>", matchingSpecialTokens: false) == [60, 97, 62])
        #expect(tokenizer.bytes(of: 1001) == Array("<a><b>".utf8))
        #expect(tokenizer.id(of: "<a>") == 1000)
        #expect(tokenizer.id(of: "a") == 97)
        #expect(tokenizer.id(of: "nothing") == nil)
        #expect(tokenizer.addedToken("a") == nil)
        #expect(tokenizer.addedTokens.map(\.isSpecial) == [true, false, true])
    }

    @Test func spellingsAreComparedByBytes() throws {
        var file = TestTokenizer()
        file.add("<e\u{301}>")
        let tokenizer = try file.tokenizer()
        #expect(tokenizer.addedToken("<\u{E9}>") == nil)
        #expect(tokenizer.addedToken("<e\u{301}>") == 1000)
    }

    @Test func idsWithoutATokenAreEmpty() throws {
        var file = TestTokenizer()
        file.vocabulary["ab"] = 300
        let tokenizer = try file.tokenizer()
        for id in [-1, 256, 299, 301, Int32.max] as [Int32] { #expect(tokenizer.bytes(of: id).isEmpty) }
        #expect(tokenizer.bytes(of: 300) == Array("ab".utf8))
    }

    @Test func sameVocabulary() throws {
        var file = TestTokenizer()
        file.add("<a>")
        let one = try file.tokenizer()
        #expect(one.hasSameVocabulary(as: one))
        #expect(one.hasSameVocabulary(as: try file.tokenizer()))
        var other = file
        other.vocabulary["a"] = 98
        other.vocabulary["b"] = 97
        #expect(!one.hasSameVocabulary(as: try other.tokenizer()))
        other = file
        other.addedTokens[0]["content"] = "<b>"
        #expect(!one.hasSameVocabulary(as: try other.tokenizer()))
        other = file
        other.add("<b>")
        #expect(!one.hasSameVocabulary(as: try other.tokenizer()))
    }

    /// One word of many bytes: n² merging would take minutes.
    @Test func longWords() throws {
        var file = TestTokenizer()
        var token = "a"
        for id in 0..<10 {
            file.merges.append([token, token])
            token += token
            file.vocabulary[token] = 300 + id
        }
        let tokenizer = try file.tokenizer()
        let text = String(repeating: "a", count: 1024 * 50 + 3)
        #expect(tokenizer.encode(text, matchingSpecialTokens: false) == Array(repeating: 309, count: 50) + [300, 97])
    }

    /// Groups of three digits: looking to the end of the number at each would take minutes.
    @Test func longNumbers() throws {
        var file = TestTokenizer()
        file.expression = file.expression.replacing(#"|\p{N}|"#, with: #"|\p{N}{1,3}|"#)
        file.vocabulary["77"] = 300
        file.vocabulary["777"] = 301
        file.merges = ["7 7", "77 7"]
        let text = String(repeating: "7", count: 3 * 500_000 + 2)
        #expect(
            try file.tokenizer().encode(text, matchingSpecialTokens: false)
                == Array(repeating: 301, count: 500_000) + [300])
    }

    /// Thousands of added tokens that begin alike, and text full of such beginnings.
    @Test func manyAddedTokens() throws {
        var file = TestTokenizer()
        for number in 0..<3000 { file.add("<|reserved_\(number)|>") }
        let tokenizer = try file.tokenizer()
        let beginning = "<|reserved_1"
        let text = String(repeating: beginning, count: 20_000) + "|>"
        let tokens = tokenizer.encode(text, matchingSpecialTokens: true)
        #expect(tokens.count == 19_999 * beginning.utf8.count + 1)
        #expect(tokens.last == 1001)
    }

    @Test func theTokenizersOfTheDemonstrationPairLoad() throws {
        let golden = try GoldenTests.tokenizer("demo")
        #expect(golden.addedToken("</think>") != nil)
        let tokens = golden.encode("left 23\n\nBring down 7", matchingSpecialTokens: false)
        #expect(tokens.contains { golden.bytes(of: $0).elementsEqual("\n\n".utf8) })
    }
}
