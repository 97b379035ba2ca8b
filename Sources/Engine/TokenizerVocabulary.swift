import Generation
import Tokenization

/// A tokenizer together with the checkpoint's end-of-text ids.
struct TokenizerVocabulary: Vocabulary {
    let tokenizer: Tokenizer
    let endOfText: Set<TokenID>
    let thinkingEnd: TokenID?

    init(_ tokenizer: Tokenizer, endOfText: Set<TokenID>) {
        self.tokenizer = tokenizer
        self.endOfText = endOfText
        thinkingEnd = tokenizer.id(of: "</think>")
    }

    var count: Int { tokenizer.count }

    func encode(_ text: String, matchingSpecialTokens: Bool) -> [TokenID] {
        tokenizer.encode(text, matchingSpecialTokens: matchingSpecialTokens)
    }

    func bytes(of token: TokenID) -> [UInt8] { tokenizer.bytes(of: token) }

    func isInterchangeable(with other: any Vocabulary) -> Bool {
        guard let other = other as? TokenizerVocabulary else { return false }
        return endOfText == other.endOfText && tokenizer.hasSameVocabulary(as: other.tokenizer)
    }
}
