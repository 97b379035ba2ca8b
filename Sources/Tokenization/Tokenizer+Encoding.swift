extension Tokenizer {
    /// Encodes text.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - matchingSpecialTokens: Whether spellings of added tokens become those tokens. Pass `false` for text that
    ///     comes from a user, else a prompt could forge the end of its own turn.
    /// - Complexity: O(n log n).
    public func encode(_ text: String, matchingSpecialTokens: Bool) -> [Int32] {
        var tokens: [Int32] = []
        var merger = BytePairMerger(table: merges, byteTokens: byteTokens)
        let bytes = Array(text.utf8)[...]
        guard matchingSpecialTokens else {
            encodeWords(of: normalized(bytes), with: &merger, into: &tokens)
            return tokens
        }
        for piece in originalMatcher.pieces(of: bytes) {
            switch piece {
            case .token(let id): tokens.append(id)
            case .text(let stretch):
                for inner in normalizedMatcher.pieces(of: normalized(stretch)) {
                    switch inner {
                    case .token(let id): tokens.append(id)
                    case .text(let plain): encodeWords(of: plain, with: &merger, into: &tokens)
                    }
                }
            }
        }
        return tokens
    }

    /// The exact bytes of a token; an added token gives its spelling. Empty for ids that have none.
    ///
    /// A token can hold part of a UTF-8 character: join the bytes of tokens before decoding, or use
    /// ``IncrementalDetokenizer``.
    public func bytes(of token: Int32) -> [UInt8] {
        if let added = addedByID[token] { return Array(added.content.utf8) }
        return Array(vocabulary.spelling(of: token))
    }

    /// The id of the token that is spelled so, added tokens first; `nil` if there is none.
    public func id(of spelling: String) -> Int32? {
        addedToken(spelling) ?? vocabulary.id(of: Array(spelling.utf8)[...])
    }

    /// The id of the added token that is spelled so; `nil` if there is none.
    public func addedToken(_ spelling: String) -> Int32? { addedBySpelling[Array(spelling.utf8)] }

    /// Whether every id means the same bytes in both, so that ids can be handed over as they are.
    public func hasSameVocabulary(as other: Tokenizer) -> Bool {
        if self === other { return true }
        return count == other.count && (0..<Int32(count)).allSatisfy { bytes(of: $0) == other.bytes(of: $0) }
    }

    private func normalized(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        normalizesToNFC ? CanonicalComposition.normalize(bytes) : bytes
    }

    private func encodeWords(
        of bytes: ArraySlice<UInt8>, with merger: inout BytePairMerger, into tokens: inout [Int32]
    ) {
        SplitScanner(pattern: pattern, bytes: bytes).forEachWord { word in
            if ignoresMerges, let whole = vocabulary.id(of: word) {
                tokens.append(whole)
            } else {
                merger.encode(word, into: &tokens)
            }
        }
    }
}
