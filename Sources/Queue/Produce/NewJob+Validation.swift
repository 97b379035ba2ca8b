/// Why a job cannot be enqueued. The table has a CHECK for each, but a CHECK would refuse a whole COPY.
public enum NewJobError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Neither prompt nor messages.
    case noPrompt
    /// Both prompt and messages.
    case promptAndMessages
    /// A prompt of white space only.
    case blankPrompt
    /// A field that is longer than the table allows, in the unit given.
    case tooLong(field: String, length: Int, limit: Int, unit: String)
    /// A field that must not be empty.
    case empty(field: String)
    /// A NUL character, which PostgreSQL cannot store.
    case nulCharacter(field: String)
    /// A field that must hold a JSON object or array but does not begin like one.
    case notJSON(field: String, expected: String)
    /// A number out of its range.
    case outOfRange(field: String, value: String, range: String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .noPrompt: "no_prompt"
        case .promptAndMessages: "prompt_and_messages"
        case .blankPrompt: "blank_prompt"
        case .tooLong: "too_long"
        case .empty: "empty_field"
        case .nulCharacter: "nul_character"
        case .notJSON: "not_json"
        case .outOfRange: "out_of_range"
        }
    }

    /// What is wrong, with the field's name.
    public var description: String {
        switch self {
        case .noPrompt: "the job has neither a prompt nor messages; give one of them"
        case .promptAndMessages: "the job has both a prompt and messages; give one of them"
        case .blankPrompt: "the prompt is empty or white space only"
        case .tooLong(let field, let length, let limit, let unit):
            "\(field) has \(length) \(unit), at most \(limit) are allowed"
        case .empty(let field): "\(field) is empty; leave it out or give it a value"
        case .nulCharacter(let field): "\(field) contains a NUL character (U+0000), which PostgreSQL cannot store"
        case .notJSON(let field, let expected): "\(field) must be a JSON \(expected)"
        case .outOfRange(let field, let value, let range): "\(field) is \(value), expected \(range)"
        }
    }
}

extension NewJob {
    /// Checks what the table would refuse. JSON texts must be well-formed; that is the caller's part.
    ///
    /// - Throws: ``NewJobError``.
    public func validate() throws(NewJobError) {
        switch (prompt, messages) {
        case (nil, nil): throw .noPrompt
        case (.some, .some): throw .promptAndMessages
        default: break
        }
        if let prompt, prompt.unicodeScalars.allSatisfy(\.properties.isWhitespace) { throw .blankPrompt }
        try Self.check(prompt, "prompt", bytes: 16_777_216)
        // The database counts the text that jsonb prints, which has a blank behind every colon and comma and spells
        // exponents out; the constraints leave room for it.
        try Self.check(messages, "messages", bytes: 16_777_216)
        try Self.check(params, "params", bytes: 65_536)
        try Self.check(metadata, "metadata", bytes: 65_536)
        try Self.check(referenceAnswer, "reference_answer", bytes: 1_048_576)
        try Self.check(customID, "custom_id", characters: 512)
        try Self.check(strategy, "strategy", characters: 100)
        try Self.check(pair, "pair", characters: 200)
        try Self.check(queue, "queue", characters: 100)
        try Self.check(tenant, "tenant", characters: 200)
        try Self.check(json: messages, "messages", opening: "[", "array")
        try Self.check(json: params, "params", opening: "{", "object")
        try Self.check(json: metadata, "metadata", opening: "{", "object")
        guard (1...100).contains(maximumAttempts) else {
            throw .outOfRange(field: "max_attempts", value: "\(maximumAttempts)", range: "1 to 100")
        }
        if let seconds = timeoutSeconds, !(seconds >= 0.001 && seconds <= 31_536_000) {
            throw .outOfRange(field: "timeout", value: "\(seconds)", range: "a millisecond to one year")
        }
    }

    private static func check(_ text: String?, _ field: String, bytes limit: Int) throws(NewJobError) {
        guard let text else { return }
        if text.utf8.count > limit {
            throw .tooLong(field: field, length: text.utf8.count, limit: limit, unit: "bytes")
        }
        if text.utf8.contains(0) { throw .nulCharacter(field: field) }
    }

    private static func check(_ text: String?, _ field: String, characters limit: Int) throws(NewJobError) {
        guard let text else { return }
        if text.isEmpty { throw .empty(field: field) }
        let count = text.unicodeScalars.count
        if count > limit { throw .tooLong(field: field, length: count, limit: limit, unit: "characters") }
        if text.utf8.contains(0) { throw .nulCharacter(field: field) }
    }

    private static func check(
        json: String?, _ field: String, opening: Character, _ expected: String
    ) throws(NewJobError) {
        guard let json else { return }
        guard json.first(where: { !$0.isWhitespace }) == opening else {
            throw .notJSON(field: field, expected: expected)
        }
        // An escaped NUL is valid JSON but no valid jsonb. An even number of backslashes before it escapes itself.
        var escaped = false
        var rest = json.utf8[...]
        while let byte = rest.popFirst() {
            if escaped {
                if byte == UInt8(ascii: "u"), rest.starts(with: "0000".utf8) { throw .nulCharacter(field: field) }
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            }
        }
    }
}
