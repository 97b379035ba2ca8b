/// What a job asks a model: chat messages, or text that goes to the model as it is.
public enum Conversation: Sendable, Hashable {
    /// Turns of a chat; the model's own prompt template renders them.
    case messages([Message])

    /// Text that bypasses the template. Spellings of added tokens in it are *not* matched.
    case raw(String)

    /// One turn.
    public struct Message: Sendable, Hashable, Codable {
        /// Who speaks: `system`, `user` or `assistant`.
        public var role: Role
        /// The text of the turn.
        public var content: String

        /// Creates a turn.
        public init(role: Role, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// Who speaks in a turn.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant
    }

    /// A conversation of one user turn.
    public static func prompt(_ text: String) -> Conversation {
        .messages([Message(role: .user, content: text)])
    }
}
