extension PromptTemplate {
    /// The tokens of a conversation up to where the model begins to think.
    ///
    /// - Throws: ``PromptTemplateError``.
    public func tokens(for turns: [Turn], with tokenizer: Tokenizer) throws -> [Int32] {
        try encode(segments(for: turns), with: tokenizer)
    }

    /// The tokens of ``forcedThinkingEnd``.
    ///
    /// - Throws: ``PromptTemplateError``.
    public func forcedThinkingEndTokens(with tokenizer: Tokenizer) throws -> [Int32] {
        try encode(forcedThinkingEnd, with: tokenizer)
    }

    /// A conversation in parts. It must end with a user's turn, and a system turn must come first.
    ///
    /// - Throws: ``PromptTemplateError/unsupportedTurn(template:reason:)``.
    public func segments(for turns: [Turn]) throws -> [Segment] {
        guard turns.last?.role == .user else { throw unsupported("the last turn must be the user's") }
        guard turns.dropFirst().allSatisfy({ $0.role != .system }) else {
            throw unsupported("a system turn must be the first turn")
        }
        switch family {
        case .qwen3: return chatML(turns) + [.tag("<think>"), .text("\n")]
        case .chatml: return chatML(turns)
        case .qwen25: return chatML(turns[0].role == .system ? turns : [Self.systemTurnOfQwen] + turns)
        case .deepseekR1: return deepSeek(turns)
        case .llama3: return llama(Self.trimmed(turns))
        case .llama31: return llama(Self.withDates(Self.trimmed(turns)))
        case .plainBars:
            let content = try onlyTurn(turns)
            return [.token("<|User|>"), .text(content), .token("<|Assistant|>"), .tag("<think>"), .text("\n")]
        case .raw: return [.text(try onlyTurn(turns))]
        }
    }

    /// Neighbouring text is joined before it is encoded, as it would be if the whole prompt were encoded at once.
    func encode(_ segments: [Segment], with tokenizer: Tokenizer) throws -> [Int32] {
        var tokens: [Int32] = []
        var text = ""
        func flush() {
            tokens += tokenizer.encode(text, matchingSpecialTokens: false)
            text = ""
        }
        for segment in segments {
            switch segment {
            case .text(let more): text += more
            case .tag(let spelling):
                guard let id = tokenizer.addedToken(spelling) else {
                    text += spelling
                    continue
                }
                flush()
                tokens.append(id)
            case .token(let spelling):
                guard let id = tokenizer.addedToken(spelling) else {
                    throw PromptTemplateError.missingToken(template: family.rawValue, token: spelling)
                }
                flush()
                tokens.append(id)
            }
        }
        flush()
        return tokens
    }

    private func chatML(_ turns: [Turn]) -> [Segment] {
        turns.flatMap { turn -> [Segment] in
            let isAnswer = turn.role == .assistant && family == .qwen3
            let answer = isAnswer ? Self.afterThinking(turn.content).map { $0.trimmingNewlines() } : nil
            let content = answer ?? turn.content
            return [.token("<|im_start|>"), .text("\(turn.role)\n\(content)"), .token("<|im_end|>"), .text("\n")]
        } + [.token("<|im_start|>"), .text("assistant\n")]
    }

    private func deepSeek(_ turns: [Turn]) -> [Segment] {
        [.token("<｜begin▁of▁sentence｜>")]
            + turns.flatMap { turn -> [Segment] in
                switch turn.role {
                case .system: [.text(turn.content)]
                case .user: [.token("<｜User｜>"), .text(turn.content)]
                case .assistant:
                    [
                        .token("<｜Assistant｜>"),
                        .text(Self.afterThinking(turn.content).map(String.init) ?? turn.content),
                        .token("<｜end▁of▁sentence｜>"),
                    ]
                }
            } + [.token("<｜Assistant｜>"), .tag("<think>"), .text("\n")]
    }

    private func llama(_ turns: [Turn]) -> [Segment] {
        func header(_ role: String) -> [Segment] {
            [.token("<|start_header_id|>"), .text(role), .token("<|end_header_id|>"), .text("\n\n")]
        }
        return [.token("<|begin_of_text|>")]
            + turns.flatMap { header("\($0.role)") + [.text($0.content), .token("<|eot_id|>")] }
            + header("assistant")
    }

    private static let systemTurnOfQwen = Turn(
        role: .system, content: "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.")

    private static func trimmed(_ turns: [Turn]) -> [Turn] {
        turns.map { Turn(role: $0.role, content: $0.content.trimmingWhitespace()) }
    }

    private static func withDates(_ turns: [Turn]) -> [Turn] {
        let hasSystem = turns[0].role == .system
        let dates = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
        return [Turn(role: .system, content: dates + (hasSystem ? turns[0].content : ""))]
            + turns.dropFirst(hasSystem ? 1 : 0)
    }

    private func onlyTurn(_ turns: [Turn]) throws -> String {
        guard turns.count == 1 else { throw unsupported("takes one user turn, got \(turns.count) turns") }
        return turns[0].content
    }

    private func unsupported(_ reason: String) -> PromptTemplateError {
        .unsupportedTurn(template: family.rawValue, reason: reason)
    }

    /// What stands behind the last end-of-thinking tag: earlier thoughts are not shown to the model again. `nil` if the
    /// tag is not there.
    private static func afterThinking(_ content: String) -> Substring? {
        let tag = Array("</think>".utf8)
        let bytes = Array(content.utf8)
        for start in stride(from: bytes.count - tag.count, through: 0, by: -1)
        where bytes[start..<start + tag.count].elementsEqual(tag) {
            return content[content.utf8.index(content.startIndex, offsetBy: start + tag.count)...]
        }
        return nil
    }
}

extension StringProtocol {
    fileprivate func trimmingNewlines() -> String {
        String(decoding: utf8.drop { $0 == 0x0A }, as: UTF8.self)
    }

    /// Without white space at both ends, as the filter `trim` of Jinja sees it: Python counts the four separators of
    /// ASCII.
    func trimmingWhitespace() -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }
}
