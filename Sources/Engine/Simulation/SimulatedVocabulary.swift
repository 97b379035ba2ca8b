import Generation

/// Every byte is a token; three more mark the beginning and the end of thinking and the end of the text.
struct SimulatedVocabulary: Vocabulary {
    static let thinkingEndToken: TokenID = 256
    static let endOfTextToken: TokenID = 257
    static let thinkingStartToken: TokenID = 258

    var count: Int { 259 }
    var endOfText: Set<TokenID> { [Self.endOfTextToken] }
    var thinkingEnd: TokenID? { Self.thinkingEndToken }

    private static let marks: [(token: TokenID, spelling: [UInt8])] = [
        (thinkingEndToken, Array("</think>".utf8)), (endOfTextToken, Array("<end>".utf8)),
        (thinkingStartToken, Array("<think>".utf8)),
    ]

    func encode(_ text: String, matchingSpecialTokens: Bool) -> [TokenID] {
        var bytes = ArraySlice(text.utf8)
        guard matchingSpecialTokens else { return bytes.map(TokenID.init) }
        var tokens: [TokenID] = []
        while let first = bytes.first {
            if let mark = Self.marks.first(where: { bytes.starts(with: $0.spelling) }) {
                tokens.append(mark.token)
                bytes = bytes.dropFirst(mark.spelling.count)
            } else {
                tokens.append(TokenID(first))
                bytes = bytes.dropFirst()
            }
        }
        return tokens
    }

    func bytes(of token: TokenID) -> [UInt8] {
        if let byte = UInt8(exactly: token) { return [byte] }
        return Self.marks.first { $0.token == token }?.spelling ?? []
    }

    func isInterchangeable(with other: any Vocabulary) -> Bool { other is SimulatedVocabulary }
}
