import Generation
import Synchronization

/// A language model that is a function: from context and draw to the next token and the entropy there. Obeys the stop
/// conditions of ``LanguageModel`` and keeps a log of what it was asked.
final class ScriptedModel: LanguageModel {
    /// What the function sees.
    struct Place {
        /// All tokens before the next one.
        let context: [TokenID]
        /// Where the prompt ends.
        let prefix: String
        /// The draw for the next token.
        let uniform: Double
        let vocabulary: ScriptedVocabulary

        /// The text from behind the prompt on.
        var written: String {
            let text = vocabulary.text(of: context)
            return text.range(of: prefix).map { String(text[$0.upperBound...]) } ?? text
        }
    }

    /// One call.
    enum Call: Sendable {
        case probe(ProbeRequest)
        case generate(GenerationRequest)
        case close(SequenceID)
    }

    let identity: ModelIdentity
    let scripted: ScriptedVocabulary
    let forcedThinkingEnd: [TokenID]
    private let prefix: String
    private let behaviour: @Sendable (Place) -> (token: TokenID, entropy: Double)
    /// Log-probability of a token at a place; `nil`: the usual one.
    private let opinion: (@Sendable (TokenID, Place) -> Double)?
    /// Values of heads by their names.
    private let heads: [String: @Sendable (Place) -> Double]
    private let log = Mutex<[Call]>([])

    init(
        name: String, vocabulary: ScriptedVocabulary, contextLength: Int = 100_000,
        prefix: String = "<think>", forcedEnd: String = "</think>",
        heads: [String: @Sendable (Place) -> Double] = [:],
        opinion: (@Sendable (TokenID, Place) -> Double)? = nil,
        behaviour: @escaping @Sendable (Place) -> (token: TokenID, entropy: Double)
    ) {
        identity = ModelIdentity(
            name: name, parameterCount: 1, contextLength: contextLength, fingerprint: "scripted \(name)")
        scripted = vocabulary
        self.prefix = prefix
        forcedThinkingEnd = vocabulary.encode(forcedEnd, matchingSpecialTokens: true)
        self.behaviour = behaviour
        self.opinion = opinion
        self.heads = heads
    }

    var headNames: Set<String> { Set(heads.keys) }

    func followUp(question: String, prefill: String) throws -> [TokenID] {
        scripted.encode("<ask>\(question)<reply>\(prefill)", matchingSpecialTokens: false)
    }

    var vocabulary: any Vocabulary { scripted }
    var calls: [Call] { log.withLock { $0 } }

    var probes: [ProbeRequest] {
        calls.compactMap { if case .probe(let request) = $0 { request } else { nil } }
    }

    var generations: [GenerationRequest] {
        calls.compactMap { if case .generate(let request) = $0 { request } else { nil } }
    }

    var closed: [SequenceID] {
        calls.compactMap { if case .close(let sequence) = $0 { sequence } else { nil } }
    }

    func promptTokens(for conversation: Conversation) throws -> [TokenID] {
        switch conversation {
        case .raw(let text): return scripted.encode(text, matchingSpecialTokens: false)
        case .messages(let messages):
            guard messages.allSatisfy({ $0.role == .user }) else {
                throw ModelError.unsupportedConversation("user turns only")
            }
            return scripted.encode(messages.map(\.content).joined(separator: "\n"), matchingSpecialTokens: false)
                + scripted.encode(prefix, matchingSpecialTokens: false)
        }
    }

    func probe(_ request: ProbeRequest) async throws -> Probe {
        log.withLock { $0.append(.probe(request)) }
        try Task.checkCancellation()
        let next = step(request.context, request.randomness, position: 0)
        let support = request.topEntropySupport
        let here = place(request.context, request.randomness, position: 0)
        var probe = Probe(
            signals: DistributionSignals(
                entropy: next.entropy, topEntropy: support.map { _ in next.entropy / 2 }, logVocabulary: 8,
                top: top(request.topCount, at: here)),
            sampledToken: next.token, work: ModelWork(prefillTokens: request.context.count))
        probe.optionLogProbabilities = request.options.map(opinion(at: here))
        probe.headValues = try request.heads.map { name in
            guard let head = heads[name] else { throw ModelError.invalidRequest("no head \(name)") }
            return head(here)
        }
        probe.scores = (request.context.count - request.scoredTokens..<request.context.count).map { index in
            let before = place(Array(request.context[..<index]), request.randomness, position: 0)
            return TokenScore(
                logProbability: opinion(at: before)(request.context[index]),
                entropy: behaviour(before).entropy)
        }
        return probe
    }

    /// The most probable tokens, equal ones by their ids. Every token of the vocabulary is asked for.
    private func top(_ count: Int, at place: Place) -> [DistributionSignals.TokenProbability] {
        if count == 0 { return [] }
        let opinion = opinion(at: place)
        let all = (0..<TokenID(scripted.count)).map {
            DistributionSignals.TokenProbability(token: $0, logProbability: opinion($0))
        }
        return Array(all.sorted { ($1.logProbability, $0.token) < ($0.logProbability, $1.token) }.prefix(count))
    }

    /// Log-probabilities at a place. Usually the token that comes next has half its entropy as improbability, others
    /// something by context and token.
    private func opinion(at place: Place) -> (TokenID) -> Double {
        if let opinion { return { opinion($0, place) } }
        let next = behaviour(place)
        let context = place.context.reduce(UInt64(7)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return { token in
            if token == next.token { return -next.entropy / 2 }
            let hash = (context ^ UInt64(token)) &* 0x9E37_79B9_7F4A_7C15
            return -1 - Double((hash ^ hash >> 31) &* 0x100_0000_01B3 >> 40 & 1023) / 256
        }
    }

    func generate(_ request: GenerationRequest) async throws -> Generation {
        log.withLock { $0.append(.generate(request)) }
        try Task.checkCancellation()
        var result = Generation(tokens: [], finish: .length)
        result.work.prefillTokens = request.context.count
        while result.tokens.count < request.maximumTokens {
            let index = result.tokens.count
            let given = index == 0 ? request.firstToken : nil
            let next =
                given.map { (token: $0, entropy: 0) }
                ?? step(request.context + result.tokens, request.randomness, position: UInt32(request.written + index))
            let token = next.token
            if given == nil {
                result.handoverSignal = request.handover.flatMap { $0.signal(entropy: next.entropy) }
                if result.handoverSignal != nil, request.handover?.token == .refused {
                    (result.finish, result.refusedToken) = (.handover, token)
                    return result
                }
                result.entropySum += next.entropy
                result.logProbability -= next.entropy / 2
                result.measuredTokens += 1
                if request.details.contains(.scores) {
                    result.scores.append(TokenScore(logProbability: -next.entropy / 2, entropy: next.entropy))
                }
            }
            result.work.decodedTokens += 1
            if scripted.endOfText.contains(token) {
                result.finish = .endOfText
                return result
            }
            result.tokens.append(token)
            if given == nil, request.details.contains(.distributions) {
                result.distributions.append(TokenDistribution(tokens: [token], probabilities: [1]))
            }
            let isKept = index < request.draft.count && request.draft[index] == token
            if isKept { result.acceptedDraftTokens += 1 }
            let said = request.context.suffix(request.written) + result.tokens
            let text = scripted.text(of: said.suffix(12))  // no stop spans more tokens
            if let end = request.stop.thinkingEnd, token == end.token || text.utf8.contains(end.text) {
                result.finish = .thinkingEnd
                return result
            }
            if let delimiter = request.stop.delimiter, text.utf8.contains(delimiter) {
                result.finish = .delimiter
                return result
            }
            let isVerified = !request.draft.isEmpty && !isKept
            if result.tokens.count < request.maximumTokens, result.handoverSignal != nil || isVerified {
                result.finish = .handover
                return result
            }
        }
        return result
    }

    func close(_ sequence: SequenceID) { log.withLock { $0.append(.close(sequence)) } }

    private func step(
        _ context: [TokenID], _ randomness: Randomness, position: UInt32
    ) -> (token: TokenID, entropy: Double) {
        behaviour(place(context, randomness, position: position))
    }

    private func place(_ context: [TokenID], _ randomness: Randomness, position: UInt32) -> Place {
        Place(context: context, prefix: prefix, uniform: randomness.uniform(position: position), vocabulary: scripted)
    }
}

extension HandoverRule {
    /// What the rule looks at where it fires; heads see the entropy.
    fileprivate func signal(entropy: Double) -> Double? {
        let share = entropy / 8
        return switch condition {
        case .normalisedEntropyAbove(let bound): share > bound ? share : nil
        case .normalisedEntropyAtMost(let bound): share <= bound ? share : nil
        case .entropyAtLeast(let bound), .aleatoricAtLeast(let bound): entropy >= bound ? entropy : nil
        case .headAtLeast(_, let bound, let floor): entropy >= bound && share > floor ?? -1 ? entropy : nil
        }
    }
}

extension String {
    /// Where another string first stands in this one.
    fileprivate func range(of other: String) -> Range<Index>? {
        let needle = Array(other.utf8)
        let bytes = Array(utf8)
        guard bytes.count >= needle.count else { return nil }
        for start in 0...(bytes.count - needle.count) where bytes[start..<start + needle.count].elementsEqual(needle) {
            let lower = utf8.index(startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: needle.count)
        }
        return nil
    }
}

extension String.UTF8View {
    fileprivate func contains(_ needle: [UInt8]) -> Bool {
        let bytes = Array(self)
        guard bytes.count >= needle.count else { return false }
        return (0...(bytes.count - needle.count)).contains { bytes[$0..<$0 + needle.count].elementsEqual(needle) }
    }
}
