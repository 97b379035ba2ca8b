/// Text to token ids and back, for one model.
///
/// Two models may exchange ids only if their vocabularies are equal (``isInterchangeable(with:)``); otherwise they
/// exchange text.
public protocol Vocabulary: Sendable {
    /// Number of token ids that may be sampled. The logits of a model can be wider (padding rows); ids at or above
    /// this count are never sampled.
    var count: Int { get }

    /// Ids that end a generation (`eos_token_id` of the checkpoint, one or several).
    var endOfText: Set<TokenID> { get }

    /// The id of `</think>` where the vocabulary has it as one token.
    var thinkingEnd: TokenID? { get }

    /// Encodes UTF-8 text.
    ///
    /// - Parameters:
    ///   - text: The text; never gets a beginning-of-text token put before it.
    ///   - matchingSpecialTokens: Whether the spelling of an added token becomes that token. Must be `false` for text
    ///     that comes from a user, else a prompt could forge the end of its own turn.
    func encode(_ text: String, matchingSpecialTokens: Bool) -> [TokenID]

    /// The exact bytes of one token; added tokens give their spelling. Empty for ids outside the vocabulary.
    ///
    /// A single token can hold part of a UTF-8 character, so the bytes of tokens must be joined before decoding.
    func bytes(of token: TokenID) -> [UInt8]

    /// Whether every id means the same bytes in both vocabularies, so that ids can be handed over as they are.
    func isInterchangeable(with other: any Vocabulary) -> Bool
}

extension Vocabulary {
    /// The exact bytes of a row of tokens.
    public func bytes(of tokens: some Sequence<TokenID>) -> [UInt8] {
        var result: [UInt8] = []
        for token in tokens { result.append(contentsOf: bytes(of: token)) }
        return result
    }

    /// The text of a row of tokens; ill-formed UTF-8 becomes U+FFFD.
    public func text(of tokens: some Sequence<TokenID>) -> String {
        String(decoding: bytes(of: tokens), as: UTF8.self)
    }
}
