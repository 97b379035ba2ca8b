/// A model that continues contexts. Implementations batch the requests of all callers; a result depends on the
/// request alone, never on what else is in the batch.
///
/// A caller keeps one ``SequenceID`` per job and model and sends the whole context each time; the model finds out how
/// much of it the sequence's KV cache covers, drops what no longer matches and computes the rest. One request per
/// sequence may be in flight at a time. Cancelling the calling task withdraws the request.
public protocol LanguageModel: Sendable {
    /// What the model is.
    var identity: ModelIdentity { get }

    /// The model's vocabulary.
    var vocabulary: any Vocabulary { get }

    /// The tokens of a conversation up to where the model begins to think: the rendered template with the
    /// opening think tag placed once, at its end, where the model's family uses one.
    ///
    /// - Throws: ``ModelError/unsupportedConversation(_:)`` if the template has no place for a message.
    func promptTokens(for conversation: Conversation) throws -> [TokenID]

    /// The tokens that close thinking when it is ended from outside (budget, loop), after which the model answers.
    var forcedThinkingEnd: [TokenID] { get }

    /// The tokens that end the assistant's turn in the midst of its thoughts, put a question as the user, and open an
    /// answer that begins with given words: how a model is asked about what has been written so far.
    ///
    /// - Throws: ``ModelError/unsupportedConversation(_:)`` if the template has no place for it.
    func followUp(question: String, prefill: String) throws -> [TokenID]

    /// Names of the heads that a ``ProbeRequest`` or a ``HandoverRule`` can ask for.
    var headNames: Set<String> { get }

    /// The value from which on a head says yes, where it has one of its own; `nil` also for names that are not served.
    func headThreshold(_ name: String) -> Double?

    /// The distribution of the next token.
    ///
    /// - Throws: ``ModelError``, or `CancellationError`.
    func probe(_ request: ProbeRequest) async throws -> Probe

    /// Generates up to a stop condition.
    ///
    /// - Throws: ``ModelError``, or `CancellationError`.
    func generate(_ request: GenerationRequest) async throws -> Generation

    /// Gives back the KV cache of a sequence. Unknown names are ignored.
    func close(_ sequence: SequenceID)
}

extension LanguageModel {
    /// No heads.
    public var headNames: Set<String> { [] }

    /// None.
    public func headThreshold(_ name: String) -> Double? { nil }

    /// Refuses.
    public func followUp(question: String, prefill: String) throws -> [TokenID] {
        throw ModelError.unsupportedConversation("model \(identity.name) cannot be asked in the midst of its thoughts")
    }
}

/// What a model is, for traces and messages.
public struct ModelIdentity: Sendable, Hashable, Codable {
    /// The name it has in the pool.
    public var name: String
    /// Number of parameters.
    public var parameterCount: Int
    /// Longest context in tokens, generated tokens included.
    public var contextLength: Int
    /// Identifies the weights: equal for equal files. Not cryptographic.
    public var fingerprint: String

    /// Creates an identity.
    public init(name: String, parameterCount: Int, contextLength: Int, fingerprint: String) {
        self.name = name
        self.parameterCount = parameterCount
        self.contextLength = contextLength
        self.fingerprint = fingerprint
    }
}
