public import Generation

/// What a job asks for, made from its row and checked: a value of this type can be run.
public struct JobSpecification: Sendable {
    /// What is asked.
    public var conversation: Conversation
    /// Who writes which step.
    public var strategy: Strategy
    /// Sampling, budgets, answer.
    public var settings: ReasoningSettings
    /// Seed of all random draws.
    public var seed: UInt64
    /// What kind of problem it is, in the producer's words; thresholds are calibrated per task. Empty if not said.
    public var task = ""

    /// Creates a specification from checked parts.
    init(
        conversation: Conversation, strategy: Strategy, settings: ReasoningSettings = ReasoningSettings(),
        seed: UInt64 = 0
    ) {
        self.conversation = conversation
        self.strategy = strategy
        self.settings = settings
        self.seed = seed
    }

    /// Checks the columns of a job row.
    ///
    /// - Parameters:
    ///   - prompt: Text of one user turn; `nil` if `messages` is given.
    ///   - messages: Chat turns as the text of a JSON array of `{"role": …, "content": …}`.
    ///   - strategy: Name of a strategy; see ``Strategy/names``.
    ///   - parameters: Text of a JSON object; empty for none. Unknown keys are refused.
    ///   - seed: Seed of the row; the parameter `seed` stands in for it where it is `nil`, else 0.
    /// - Throws: ``SpecificationError`` naming the key.
    public init(
        prompt: String?, messages: String? = nil, strategy: String, parameters: String = "", seed: Int64? = nil
    ) throws(SpecificationError) {
        var reader = try ParameterReader(parameters)
        self.strategy = try Strategy(named: strategy, parameters: &reader)
        settings = try ReasoningSettings(&reader, finalizer: self.strategy.defaultFinalizer)
        let ownSeed = try reader.integer("seed", in: Int.min...Int.max)
        if let seed, let ownSeed, seed != Int64(ownSeed) {
            throw SpecificationError(
                key: "parameters.seed", expected: "no other seed than the column's \(seed)", got: "\(ownSeed)")
        }
        self.seed = UInt64(bitPattern: seed ?? Int64(ownSeed ?? 0))
        let template = try reader.name("template", as: TemplateChoice.self) ?? .model
        task =
            try reader.text("task", expected: "a name of at most 100 characters") { $0.unicodeScalars.count <= 100 }
            ?? ""
        try reader.finish(strategy: strategy)
        conversation = try Self.conversation(prompt: prompt, messages: messages, template: template)
    }

    /// Which template renders the prompt.
    private enum TemplateChoice: String, CaseIterable {
        /// The one that belongs to each model.
        case model
        /// None: the prompt goes to the models as it is.
        case raw
    }

    private static func conversation(
        prompt: String?, messages: String?, template: TemplateChoice
    ) throws(SpecificationError) -> Conversation {
        switch (prompt, messages) {
        case (nil, nil): throw SpecificationError(key: "prompt", expected: "a prompt or messages", got: "neither")
        case (.some, .some): throw SpecificationError(key: "prompt", expected: "a prompt or messages", got: "both")
        case (.some(let prompt), nil):
            if prompt.isEmpty { throw SpecificationError(key: "prompt", expected: "text", got: "an empty string") }
            return template == .raw ? .raw(prompt) : .prompt(prompt)
        case (nil, .some(let messages)):
            if template == .raw {
                throw SpecificationError(
                    key: "parameters.template", expected: "\"model\", as the job has messages", got: "\"raw\"")
            }
            return .messages(try turns(messages))
        }
    }

    private static func turns(_ text: String) throws(SpecificationError) -> [Conversation.Message] {
        let value = try JSONValue.parse(text, key: "messages")
        guard case .array(let elements) = value, !elements.isEmpty else {
            throw SpecificationError(key: "messages", expected: "an array of turns, not empty", got: value.shown)
        }
        var turns: [Conversation.Message] = []
        for (index, element) in elements.enumerated() { turns.append(try turn(element, key: "messages[\(index)]")) }
        return turns
    }

    private static func turn(_ value: JSONValue, key: String) throws(SpecificationError) -> Conversation.Message {
        guard case .object(let members) = value else {
            throw SpecificationError(key: key, expected: "an object with role and content", got: value.shown)
        }
        if let stray = members.keys.sorted().first(where: { $0 != "role" && $0 != "content" }) {
            throw SpecificationError(key: "\(key).\(stray)", expected: "role and content only", got: "an unknown key")
        }
        guard case .string(let name)? = members["role"], let role = Conversation.Role(rawValue: name) else {
            let names = Conversation.Role.allCases.map { $0.rawValue.debugDescription }.joined(separator: ", ")
            throw SpecificationError(
                key: "\(key).role", expected: "one of \(names)", got: members["role"]?.shown ?? "nothing")
        }
        guard case .string(let content)? = members["content"] else {
            throw SpecificationError(
                key: "\(key).content", expected: "a string", got: members["content"]?.shown ?? "nothing")
        }
        return Conversation.Message(role: role, content: content)
    }
}
