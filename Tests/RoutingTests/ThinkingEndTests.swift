import Generation
import Testing

@testable import Routing

@Suite struct ThinkingEndTests {
    static func cut(
        _ tokens: [String], after unfinished: String = "", vocabulary: ScriptedVocabulary,
        finish: FinishReason = .thinkingEnd
    ) -> (text: String, tokens: [TokenID], finish: FinishReason, discarded: Int) {
        let ids = tokens.map { vocabulary.token($0) }
        let result = ThinkingEnd.cut(
            Generation(tokens: ids, finish: finish), after: unfinished, vocabulary: vocabulary)
        return (vocabulary.text(of: result.tokens), result.tokens, result.finish, result.discarded)
    }

    @Test func theTokenItself() {
        let vocabulary = ScriptedVocabulary()
        let result = Self.cut(["a", "</think>"], vocabulary: vocabulary)
        #expect(result.tokens == [vocabulary.token("a"), vocabulary.thinkingEnd])
        #expect(result.discarded == 0)
    }

    @Test func spelledOut() {
        let vocabulary = ScriptedVocabulary(["</", "think", ">\n\n", "x</"])
        let exact = Self.cut(["a", "</", "think", ">"], vocabulary: vocabulary)
        #expect(exact.text == "a</think>")
        #expect(exact.tokens.count == 4)
        #expect(exact.discarded == 0)

        // What stands behind the tag goes, and the tag becomes the token that it is.
        let remainder = Self.cut(["a", "</", "think", ">\n\n"], vocabulary: vocabulary)
        #expect(remainder.tokens == [vocabulary.token("a"), vocabulary.thinkingEnd])
        #expect(remainder.discarded == 3)

        // What stands before it stays.
        let both = Self.cut(["a", "x</", "think", ">\n\n"], vocabulary: vocabulary)
        #expect(both.text == "ax</think>")
        #expect(both.tokens.last == vocabulary.thinkingEnd)
        #expect(both.finish == .thinkingEnd)
    }

    @Test func withoutAToken() {
        let vocabulary = ScriptedVocabulary([">\n\n"], hasThinkingEnd: false)
        let result = Self.cut(["<", "/", "t", "h", "i", "n", "k", ">\n\n"], vocabulary: vocabulary)
        #expect(result.text == "</think>")
        #expect(result.tokens.count == 8)
    }

    @Test func begunInTheRecordBefore() {
        let vocabulary = ScriptedVocabulary(["ink", ">b"])
        let result = Self.cut(["ink", ">b", "c"], after: "some </th", vocabulary: vocabulary, finish: .delimiter)
        #expect(result.text == "ink>")
        #expect(result.finish == .thinkingEnd)
        let none = Self.cut(["ink", "b", "c"], after: "some </th", vocabulary: vocabulary, finish: .delimiter)
        #expect(none.text == "inkbc")
        #expect(none.finish == .delimiter)
    }
}
