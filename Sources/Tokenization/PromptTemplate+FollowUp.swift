extension PromptTemplate {
    /// The tokens of ``followUp(question:prefill:)``.
    ///
    /// - Throws: ``PromptTemplateError/missingToken(template:token:)``.
    public func followUpTokens(question: String, prefill: String, with tokenizer: Tokenizer) throws -> [Int32] {
        try encode(followUp(question: question, prefill: prefill), with: tokenizer)
    }

    /// What ends the assistant's turn in the midst of its thoughts, puts a question as the user and opens an answer that
    /// begins with `prefill`. The thoughts stay open: templates drop what stands before a closing tag.
    ///
    /// Nothing in the question is taken for a control token; think tags in the prefill are.
    public func followUp(question: String, prefill: String) -> [Segment] {
        let opening = Self.withTags(prefill)
        switch family {
        case .qwen3, .chatml, .qwen25:
            return [
                .token("<|im_end|>"), .text("\n"), .token("<|im_start|>"), .text("user\n\(question)"),
                .token("<|im_end|>"), .text("\n"), .token("<|im_start|>"), .text("assistant\n"),
            ] + opening
        case .deepseekR1:
            return [.token("<｜end▁of▁sentence｜>"), .token("<｜User｜>"), .text(question), .token("<｜Assistant｜>")]
                + opening
        case .llama3, .llama31:
            return [
                .token("<|eot_id|>"), .token("<|start_header_id|>"), .text("user"), .token("<|end_header_id|>"),
                .text("\n\n\(question.trimmingWhitespace())"), .token("<|eot_id|>"), .token("<|start_header_id|>"),
                .text("assistant"), .token("<|end_header_id|>"), .text("\n\n"),
            ] + opening
        // The bars alone tell the turns apart; a thought ends with a blank line already.
        case .plainBars: return [.token("<|User|>"), .text(question), .token("<|Assistant|>")] + opening
        case .raw: return [.text("\n\n\(question)\n\n\(prefill)")]
        }
    }

    /// Text with the think tags in it set apart.
    private static func withTags(_ text: String) -> [Segment] {
        var segments: [Segment] = [], rest = Substring(text)
        while let start = rest.firstIndex(of: "<") {
            let tag = ["<think>", "</think>"].first { rest[start...].hasPrefix($0) }
            let end = tag.map { rest.index(start, offsetBy: $0.count) } ?? rest.index(after: start)
            if let tag {
                segments += [.text(String(rest[..<start])), .tag(tag)]
            } else {
                segments.append(.text(String(rest[..<end])))
            }
            rest = rest[end...]
        }
        return (segments + [.text(String(rest))]).filter { $0 != .text("") }
    }
}
