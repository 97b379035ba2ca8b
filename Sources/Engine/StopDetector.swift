import Generation

/// Watches the bytes of a generation for its stop condition, token by token.
struct StopDetector {
    private let condition: StopCondition
    private let endOfText: Set<TokenID>
    private var tail: [UInt8] = []
    private let tailLimit: Int

    /// Creates a detector for one generation.
    init(_ condition: StopCondition, endOfText: Set<TokenID>) {
        self.condition = condition
        self.endOfText = endOfText
        let longest = max(condition.delimiter?.count ?? 0, condition.thinkingEnd?.text.count ?? 0)
        tailLimit = max(longest - 1, 0)
    }

    /// Takes what has been generated before: a stop may begin in it, but does not lie in it.
    mutating func prime(_ bytes: some Collection<UInt8>) { tail = Array(bytes.suffix(tailLimit)) }

    /// Number of bytes that a stop can begin in.
    var reach: Int { tailLimit }

    /// Takes the next token and says whether it ends the generation.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - bytes: Its bytes.
    /// - Returns: The reason to stop, or `nil` to go on.
    mutating func accept(_ token: TokenID, bytes: some Sequence<UInt8>) -> FinishReason? {
        if endOfText.contains(token) { return .endOfText }
        if let end = condition.thinkingEnd, token == end.token { return .thinkingEnd }
        tail.append(contentsOf: bytes)
        // The end of thinking wins where one token completes both.
        if let end = condition.thinkingEnd, contains(end.text) { return .thinkingEnd }
        if let delimiter = condition.delimiter, contains(delimiter) { return .delimiter }
        if tail.count > tailLimit { tail.removeFirst(tail.count - tailLimit) }
        return nil
    }

    private func contains(_ needle: [UInt8]) -> Bool {
        guard !needle.isEmpty, tail.count >= needle.count else { return false }
        for start in 0...(tail.count - needle.count) {
            var i = 0
            while i < needle.count && tail[start + i] == needle[i] { i += 1 }
            if i == needle.count { return true }
        }
        return false
    }
}
