import Generation

/// A vocabulary of all single bytes, some longer spellings, an end of text and, if wanted, an end of thinking.
/// Encodes by the longest spelling from left to right.
struct ScriptedVocabulary: Vocabulary {
    let spellings: [[UInt8]]
    let endOfTextToken: TokenID
    let thinkingEnd: TokenID?
    /// Ids by first byte, longest spelling first.
    private let byFirstByte: [[TokenID]]

    /// - Parameter shift: Moves the ids of the single bytes, so that two vocabularies differ.
    init(_ longer: [String] = [], hasThinkingEnd: Bool = true, shift: Int = 0) {
        var spellings = (0..<256).map { [UInt8(($0 + shift) % 256)] }
        spellings += longer.map { Array($0.utf8) }
        endOfTextToken = TokenID(spellings.count)
        spellings.append(Array("<eos>".utf8))
        thinkingEnd = hasThinkingEnd ? TokenID(spellings.count) : nil
        if hasThinkingEnd { spellings.append(Array("</think>".utf8)) }
        self.spellings = spellings
        var table = [[TokenID]](repeating: [], count: 256)
        for (id, spelling) in spellings.enumerated() { table[Int(spelling[0])].append(TokenID(id)) }
        byFirstByte = table.map { ids in ids.sorted { spellings[Int($0)].count > spellings[Int($1)].count } }
    }

    var count: Int { spellings.count }
    var endOfText: Set<TokenID> { [endOfTextToken] }

    func encode(_ text: String, matchingSpecialTokens: Bool) -> [TokenID] {
        let special = [endOfTextToken, thinkingEnd].compactMap(\.self)
        var rest = Array(text.utf8)[...]
        var tokens: [TokenID] = []
        while let first = rest.first {
            let candidates = byFirstByte[Int(first)].lazy.filter {
                (matchingSpecialTokens || !special.contains($0)) && rest.starts(with: spellings[Int($0)])
            }
            guard let longest = candidates.first else { preconditionFailure("every byte has a token") }
            tokens.append(longest)
            rest = rest.dropFirst(spellings[Int(longest)].count)
        }
        return tokens
    }

    func bytes(of token: TokenID) -> [UInt8] {
        spellings.indices.contains(Int(token)) ? spellings[Int(token)] : []
    }

    func isInterchangeable(with other: any Vocabulary) -> Bool {
        (other as? ScriptedVocabulary)?.spellings == spellings
    }
}
