import Generation
import Heads
import Synchronization
import Tokenization

/// The face of one model of an engine: turns calls into commands for the engine's thread.
final class EngineModel: LanguageModel {
    let identity: ModelIdentity
    private let tokens: TokenizerVocabulary
    private let template: PromptTemplate
    let forcedThinkingEnd: [TokenID]
    let headNames: Set<String>
    private let headThresholds: [String: Double]
    private let index: Int
    private let inbox: Inbox
    private let requestNumber = Atomic<UInt64>(0)

    init(_ model: LoadedModel, index: Int, inbox: Inbox) {
        identity = model.identity
        tokens = model.vocabulary
        template = model.template
        forcedThinkingEnd = model.forcedThinkingEnd
        headNames = Set(model.heads.map(\.name))
        headThresholds = Dictionary(
            uniqueKeysWithValues: model.heads.compactMap { name, head in
                head.description.threshold.map { (name, $0) }
            })
        self.index = index
        self.inbox = inbox
    }

    var vocabulary: any Vocabulary { tokens }

    func promptTokens(for conversation: Conversation) throws -> [TokenID] {
        do {
            switch conversation {
            case .messages(let messages):
                return try template.tokens(for: messages.map(PromptTemplate.Turn.init), with: tokens.tokenizer)
            case .raw(let text):
                let turn = PromptTemplate.Turn(role: .user, content: text)
                return try PromptTemplate(.raw).tokens(for: [turn], with: tokens.tokenizer)
            }
        } catch let error as PromptTemplateError {
            throw ModelError.unsupportedConversation(error.description)
        }
    }

    func followUp(question: String, prefill: String) throws -> [TokenID] {
        do {
            return try template.followUpTokens(question: question, prefill: prefill, with: tokens.tokenizer)
        } catch let error as PromptTemplateError {
            throw ModelError.unsupportedConversation(error.description)
        }
    }

    func headThreshold(_ name: String) -> Double? { headThresholds[name] }

    func probe(_ request: ProbeRequest) async throws -> Probe {
        try await submit { .probe(request, $0) }
    }

    func generate(_ request: GenerationRequest) async throws -> Generation {
        try await submit { .generate(request, $0) }
    }

    func close(_ sequence: SequenceID) {
        // A closed inbox means that the cache is gone anyway.
        _ = inbox.post(.close(model: index, sequence))
    }

    private func submit<Answer: Sendable>(
        _ call: (CheckedContinuation<Answer, any Error>) -> EngineRequest.Call
    ) async throws -> Answer {
        let id = requestNumber.add(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await withCheckedThrowingContinuation { continuation in
                let request = EngineRequest(id: id, call: call(continuation))
                if !inbox.post(.submit(model: index, request)) { request.fail(ModelError.shutDown) }
                // A cancellation that came before the request was posted found nothing to withdraw.
                if Task.isCancelled { _ = inbox.post(.cancel(model: index, request: id)) }
            }
        } onCancel: {
            _ = inbox.post(.cancel(model: index, request: id))
        }
    }
}

extension PromptTemplate.Turn {
    fileprivate init(_ message: Conversation.Message) {
        let role: Role =
            switch message.role {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            }
        self.init(role: role, content: message.content)
    }
}
