import Generation

/// The end-of-thinking tag in what a model wrote.
enum ThinkingEnd {
    /// Its spelling.
    static let tag = "</think>"

    /// The tag in a vocabulary: one token, or its spelling.
    static func tokens(in vocabulary: any Vocabulary) -> [TokenID] {
        vocabulary.thinkingEnd.map { [$0] } ?? vocabulary.encode(tag, matchingSpecialTokens: false)
    }

    /// The text before the tag; `nil` if the text does not end with the tag.
    static func textBefore(in text: String) -> String? {
        let bytes = text.utf8
        guard bytes.count >= tag.utf8.count, bytes.suffix(tag.utf8.count).elementsEqual(tag.utf8) else { return nil }
        return String(decoding: bytes.dropLast(tag.utf8.count), as: UTF8.self)
    }

    /// Cuts a generation right behind the tag. Only spelled out does the tag have something behind it, inside its last
    /// token; that token and those that spell the tag then give way to ``tokens(in:)``.
    ///
    /// - Parameters:
    ///   - generation: What was written.
    ///   - unfinished: Text of the same step in the record before, where the tag may begin.
    ///   - vocabulary: The writer's.
    /// - Returns: Tokens to keep, the reason they end, and how many generated tokens that throws away.
    static func cut(
        _ generation: Generation, after unfinished: String, vocabulary: any Vocabulary
    ) -> (tokens: [TokenID], finish: FinishReason, discarded: Int) {
        let whole = (tokens: generation.tokens, finish: generation.finish, discarded: 0)
        let tagBytes = Array(tag.utf8)
        let carried = unfinished.utf8.suffix(tagBytes.count - 1)
        let bytes = Array(carried) + vocabulary.bytes(of: generation.tokens)
        guard let start = firstIndex(of: tagBytes, in: bytes) else { return whole }
        let end = start + tagBytes.count
        if end == bytes.count { return (generation.tokens, .thinkingEnd, 0) }

        // The longest row of tokens that ends before the tag begins; what of the text is then missing is encoded anew.
        var kept = 0
        var position = carried.count
        while kept < generation.tokens.count {
            let next = position + vocabulary.bytes(of: generation.tokens[kept]).count
            if next > start { break }
            position = next
            kept += 1
        }
        var tokens = Array(generation.tokens[..<kept])
        if position < start {
            let missing = String(decoding: bytes[position..<start], as: UTF8.self)
            tokens += vocabulary.encode(missing, matchingSpecialTokens: false)
        }
        if start >= carried.count {
            tokens += Self.tokens(in: vocabulary)
        } else {
            let rest = String(decoding: bytes[carried.count..<end], as: UTF8.self)
            tokens += vocabulary.encode(rest, matchingSpecialTokens: false)
        }
        return (tokens, .thinkingEnd, generation.tokens.count - kept)
    }

    /// A generation without the tag, which does not end it: for methods that look for the answer itself. Spelled out,
    /// the tag is left alone where it shares a token with other text.
    static func left(
        out generation: Generation, vocabulary: any Vocabulary
    ) -> (tokens: [TokenID], finish: FinishReason, discarded: Int) {
        var tokens: [TokenID] = []
        var spelled: [UInt8] = []
        for token in generation.tokens where token != vocabulary.thinkingEnd {
            tokens.append(token)
            spelled += vocabulary.bytes(of: token)
            guard spelled.suffix(tag.utf8.count).elementsEqual(tag.utf8) else { continue }
            var row = 1
            while vocabulary.bytes(of: tokens.suffix(row)).count < tag.utf8.count { row += 1 }
            if vocabulary.bytes(of: tokens.suffix(row)).elementsEqual(tag.utf8) { tokens.removeLast(row) }
            spelled = []
        }
        return (tokens, generation.finish, generation.tokens.count - tokens.count)
    }

    private static func firstIndex(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return (0...(bytes.count - needle.count)).first { bytes[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
