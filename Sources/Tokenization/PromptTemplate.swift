/// How a family of models wants a conversation written, up to where the model begins to think. The opening think tag
/// stands once, at the end of the rendered prompt, where the family thinks.
///
/// Source: the chat templates that ship with the models. They are rendered by hand: nothing of a turn's content is
/// ever taken for a control token.
public struct PromptTemplate: Sendable, Hashable {
    /// The templates there are; the raw value is the name that selects one.
    public enum Family: String, Sendable, Hashable, CaseIterable {
        /// Qwen3 with thinking on: ChatML, then `<think>` and a newline.
        case qwen3
        /// ChatML without thinking and without a system turn of its own.
        case chatml
        /// ChatML without thinking, as Qwen2.5 has it: a system turn of its own where the conversation has none.
        case qwen25 = "qwen2.5"
        /// The distilled DeepSeek-R1 models, on Qwen or Llama vocabularies.
        case deepseekR1 = "deepseek-r1"
        /// Llama 3.
        case llama3
        /// Llama 3.1 and later: a system turn always comes first, and begins with two dates. Today's is the fixed one of
        /// the published template, so that a prompt is the same every day.
        case llama31 = "llama3.1"
        /// Plain bars around one user turn, then `<think>` and a newline: the demonstration pair.
        case plainBars = "plain-bars"
        /// The text of one user turn and nothing else.
        case raw
    }

    /// One turn of a conversation.
    public struct Turn: Sendable, Hashable {
        /// Who speaks.
        public var role: Role
        /// What is said; any text.
        public var content: String

        /// Who speaks in a turn.
        public enum Role: String, Sendable, Hashable {
            case system, user, assistant
        }

        /// Creates a turn.
        public init(role: Role, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// A part of a rendered prompt.
    public enum Segment: Sendable, Hashable {
        /// An added token that the vocabulary must have.
        case token(String)
        /// An added token if the vocabulary has it, else the text.
        case tag(String)
        /// Text in which no added token is matched.
        case text(String)
    }

    /// Which template.
    public let family: Family

    /// The template of a family.
    public init(_ family: Family) { self.family = family }

    /// The template of a name.
    ///
    /// - Throws: ``PromptTemplateError/unknownTemplate(name:)``.
    public init(named name: String) throws {
        guard let family = Family(rawValue: name) else { throw PromptTemplateError.unknownTemplate(name: name) }
        self.init(family)
    }

    /// The template whose control tokens a tokenizer has; `raw` if it has those of none.
    public init(detectedIn tokenizer: Tokenizer) {
        let spellings = Set(tokenizer.addedTokens.map(\.content))
        func has(_ tokens: String...) -> Bool { spellings.isSuperset(of: tokens) }
        if has("<｜User｜>", "<｜Assistant｜>") {
            self.init(.deepseekR1)
        } else if has("<|User|>", "<|Assistant|>") {
            self.init(.plainBars)
        } else if has("<|im_start|>", "<|im_end|>") {
            // Of the models without thinking, Qwen2.5 knows tools, and its predecessor does not.
            self.init(has("<think>") ? .qwen3 : has("<tool_call>") ? .qwen25 : .chatml)
        } else if has("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>") {
            self.init(has("<|eom_id|>") ? .llama31 : .llama3)
        } else {
            self.init(.raw)
        }
    }

    /// What closes thinking that is ended from outside, after which the model answers.
    public var forcedThinkingEnd: [Segment] {
        switch family {
        case .qwen3, .deepseekR1: [.text("\n"), .tag("</think>"), .text("\n\n")]
        // A thought of the demonstration pair ends with a blank line already, and the model writes the one behind.
        case .plainBars: [.tag("</think>")]
        case .chatml, .qwen25, .llama3, .llama31, .raw: [.text("\n\n")]
        }
    }
}

/// Why a conversation could not be rendered.
public enum PromptTemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No template has this name.
    case unknownTemplate(name: String)
    /// The tokenizer lacks a control token of the template.
    case missingToken(template: String, token: String)
    /// The template has no place for a turn.
    case unsupportedTurn(template: String, reason: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .unknownTemplate: "template_unknown"
        case .missingToken: "template_missing_token"
        case .unsupportedTurn: "template_unsupported_turn"
        }
    }

    /// What is wrong and what would be right.
    public var description: String {
        switch self {
        case .unknownTemplate(let name):
            "unknown prompt template \(name.debugDescription); known: "
                + PromptTemplate.Family.allCases.map(\.rawValue).joined(separator: ", ")
        case .missingToken(let template, let token):
            "prompt template \(template) needs the added token \(token), which the tokenizer does not have; "
                + "choose the template that belongs to the model"
        case .unsupportedTurn(let template, let reason): "prompt template \(template): \(reason)"
        }
    }
}
