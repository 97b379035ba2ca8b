import Generation
import Synchronization

@testable import Routing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A language model whose next-token distributions are written down, as a function of the context. Draws, stops, drafts,
/// hand-over and scores follow the documentation of the requests, in the plainest way; nothing is cached.
final class TableModel: LanguageModel {
    /// What comes next.
    struct Next {
        /// Tokens with their probabilities at temperature 1, which sum to 1.
        var table: [(token: TokenID, probability: Double)]
        /// The normalised entropy, where it is not to be that of the table.
        var normalisedEntropy: Double?
        /// What every head says.
        var head = 0.0
    }

    let identity: ModelIdentity
    let words: ScriptedVocabulary
    let forcedThinkingEnd: [TokenID]
    let headNames: Set<String>
    private let threshold: Double?
    private let next: @Sendable ([TokenID]) -> Next
    private let calls = Mutex<[GenerationRequest]>([])
    private let probeCalls = Mutex<[ProbeRequest]>([])

    init(
        _ name: String, _ words: ScriptedVocabulary, contextLength: Int = 100_000, heads: Set<String> = [],
        threshold: Double? = nil, next: @escaping @Sendable ([TokenID]) -> Next
    ) {
        identity = ModelIdentity(
            name: name, parameterCount: 1, contextLength: contextLength, fingerprint: "table \(name)")
        self.words = words
        forcedThinkingEnd = words.encode("</think>", matchingSpecialTokens: true)
        headNames = heads
        self.threshold = threshold
        self.next = next
    }

    var vocabulary: any Vocabulary { words }
    var generations: [GenerationRequest] { calls.withLock { $0 } }
    var probes: [ProbeRequest] { probeCalls.withLock { $0 } }
    func headThreshold(_ name: String) -> Double? { headNames.contains(name) ? threshold : nil }
    func close(_ sequence: SequenceID) {}

    func promptTokens(for conversation: Conversation) throws -> [TokenID] {
        guard case .messages(let messages) = conversation else { return [0] }
        return words.encode(messages.map(\.content).joined() + "<think>", matchingSpecialTokens: false)
    }

    func probe(_ request: ProbeRequest) async throws -> Probe {
        probeCalls.withLock { $0.append(request) }
        try Task.checkCancellation()
        let next = next(request.context)
        let cold = Self.distribution(next, request.sampling)
        var probe = Probe(
            signals: DistributionSignals(entropy: entropy(next), logVocabulary: log(8)),
            sampledToken: Self.draw(cold, request.randomness.uniform(position: 0)),
            work: ModelWork(prefillTokens: request.context.count))
        for back in (0..<request.scoredTokens).reversed() {
            let place = request.context.count - 1 - back
            probe.scores.append(score(self.next(Array(request.context[..<place])), request.context[place]))
        }
        return probe
    }

    func generate(_ request: GenerationRequest) async throws -> Generation {
        calls.withLock { $0.append(request) }
        try Task.checkCancellation()
        precondition(!request.context.isEmpty && request.maximumTokens > 0 && request.draft.count <= 64)
        precondition(request.context.count + request.maximumTokens <= identity.contextLength)
        var result = Generation(tokens: [], finish: .length)
        result.work.prefillTokens = request.context.count
        if let first = request.firstToken, take(first, &result, request) { return result }
        while result.tokens.count < request.maximumTokens {
            let index = result.tokens.count
            let next = next(request.context + result.tokens)
            let (token, distribution) = draw(next, index, request)
            let signal = request.handover.flatMap { fired($0.condition, next) }
            if let signal, request.handover?.token == .refused {
                (result.finish, result.handoverSignal, result.refusedToken) = (.handover, signal, token)
                return result
            }
            let score = score(next, token)
            result.logProbability += score.logProbability
            result.entropySum += score.entropy
            result.measuredTokens += 1
            if request.details.contains(.scores) { result.scores.append(score) }
            let ends = take(token, &result, request)
            let isKept = index < request.draft.count && request.draft[index] == token && result.tokens.count > index
            if isKept { result.acceptedDraftTokens += 1 }
            if request.details.contains(.distributions), result.tokens.count > index {
                result.distributions.append(distribution)
            }
            if let signal { result.handoverSignal = signal }
            if ends || result.tokens.count == request.maximumTokens { return result }
            if signal != nil || (!request.draft.isEmpty && !isKept) {
                result.finish = .handover
                return result
            }
        }
        return result
    }

    /// Adds a token; says whether the generation ends with it.
    private func take(_ token: TokenID, _ result: inout Generation, _ request: GenerationRequest) -> Bool {
        result.work.decodedTokens += 1
        if words.endOfText.contains(token) {
            result.finish = .endOfText
            return true
        }
        result.tokens.append(token)
        let written = request.context.suffix(min(request.written, 12)) + result.tokens.suffix(12)
        let text = words.bytes(of: written.suffix(12))  // no stop spans more tokens
        func contains(_ needle: [UInt8]) -> Bool {
            text.count >= needle.count
                && (0...(text.count - needle.count)).contains { text[$0..<$0 + needle.count].elementsEqual(needle) }
        }
        if let end = request.stop.thinkingEnd, token == end.token || contains(end.text) {
            result.finish = .thinkingEnd
            return true
        }
        if let delimiter = request.stop.delimiter, contains(delimiter) {
            result.finish = .delimiter
            return true
        }
        return false
    }

    /// The token of an index of the generation and what it was drawn from.
    private func draw(_ next: Next, _ index: Int, _ request: GenerationRequest) -> (TokenID, TokenDistribution) {
        let p = Self.distribution(next, request.sampling)
        let position = UInt32(request.written + index)
        func uniform(_ purpose: Randomness.Purpose) -> Double {
            request.randomness.uniform(position: position, purpose: purpose)
        }
        guard case .ratio(let drawnFrom) = request.acceptance, !request.draft.isEmpty else {
            return (Self.draw(p, uniform(.token)), p)
        }
        guard index < request.draft.count else { return (Self.draw(p, uniform(.residual)), p) }
        let q = drawnFrom[index], x = request.draft[index]
        if uniform(.acceptance) * q[x] < p[x] { return (x, p) }
        let rest = p.tokens.map { max(0, p[$0] - q[$0]) }, mass = rest.reduce(0, +)
        let residual = TokenDistribution(tokens: p.tokens, probabilities: rest.map { $0 / mass })
        return (Self.draw(residual, uniform(.residual)), p)
    }

    private func fired(_ condition: HandoverRule.Condition, _ next: Next) -> Double? {
        let normalised = next.normalisedEntropy ?? entropy(next) / log(8)
        switch condition {
        case .normalisedEntropyAbove(let bound): return normalised > bound ? normalised : nil
        case .normalisedEntropyAtMost(let bound): return normalised <= bound ? normalised : nil
        case .entropyAtLeast(let bound), .aleatoricAtLeast(let bound):
            return entropy(next) >= bound ? entropy(next) : nil
        case .headAtLeast(let name, let bound, let entropyAbove):
            precondition(headNames.contains(name))
            if let entropyAbove, normalised <= entropyAbove { return nil }
            return next.head >= bound ? next.head : nil
        }
    }

    private func entropy(_ next: Next) -> Double { Entropy.nats(ofProbabilities: next.table.map(\.probability)) }

    private func score(_ next: Next, _ token: TokenID) -> TokenScore {
        TokenScore(
            logProbability: log(next.table.first { $0.token == token }?.probability ?? 0), entropy: entropy(next))
    }

    static func distribution(_ next: Next, _ sampling: SamplingParameters) -> TokenDistribution {
        let tokens = next.table.map(\.token)
        guard sampling.temperature > 0 else {
            let best = next.table.max { ($0.probability, $1.token) < ($1.probability, $0.token) }
            return TokenDistribution(tokens: tokens, probabilities: tokens.map { $0 == best?.token ? 1 : 0 })
        }
        let weights = next.table.map { pow($0.probability, 1 / sampling.temperature) }
        let sum = weights.reduce(0, +)
        return TokenDistribution(tokens: tokens, probabilities: weights.map { $0 / sum })
    }

    private static func draw(_ distribution: TokenDistribution, _ uniform: Double) -> TokenID {
        var rest = uniform
        for (token, probability) in zip(distribution.tokens, distribution.probabilities) {
            rest -= probability
            if rest < 0 { return token }
        }
        let last = distribution.probabilities.lastIndex { $0 > 0 } ?? 0
        return distribution.tokens[last]
    }
}

/// Writes row by row what a list says at each place behind the prompt, sure of every token.
func recital(_ name: String, _ words: ScriptedVocabulary, _ text: [(text: String, entropy: Double)]) -> TableModel {
    let tokens = text.map { (words.token($0.text), $0.entropy) }
    return TableModel(name, words) { context in
        let written = context.count - words.encode("Q<think>", matchingSpecialTokens: false).count
        let (token, entropy) = written < tokens.count ? tokens[written] : (words.endOfTextToken, 0)
        return .init(table: [(token, 1)], normalisedEntropy: entropy)
    }
}

/// A model that babbles: distributions that look random, are functions of the last tokens, and agree with those of other
/// salts up to a degree.
func tableBabbler(
    _ name: String, _ words: ScriptedVocabulary, salt: UInt64, agreement: Double = 0.5, contextLength: Int = 100_000
) -> TableModel {
    let choices = ["a", "b", "c", "\n", "\n\n", " ", "</think>", "<eos>"].map { words.token($0) }
    @Sendable func weights(_ seed: UInt64) -> [Double] {
        (0..<choices.count).map { index in
            let rare = index >= 6 ? 0.05 : index == 4 ? 0.4 : 1
            let draw = Randomness(seed: seed, step: 9).uniform(position: UInt32(index))
            return draw * draw * draw * rare
        }
    }
    return TableModel(name, words, contextLength: contextLength, heads: ["router"], threshold: 0.8) { context in
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for token in context.suffix(6) { hash = (hash ^ UInt64(token)) &* 0x100_0000_01B3 }
        let common = weights(hash), own = weights(hash ^ salt)
        let mixed = zip(common, own).map { agreement * $0 + (1 - agreement) * $1 }
        let sum = mixed.reduce(0, +)
        let head = Randomness(seed: hash, step: 10).uniform(position: 0)
        return .init(table: zip(choices, mixed).map { ($0, $1 / sum) }, head: head)
    }
}

/// Runs a job of two such models to its end.
func run(
    _ strategy: String, _ parameters: String = "", slm: TableModel, llm: TableModel, seed: Int64 = 1,
    routers: [String: String] = [:], resuming: [StepRecord] = []
) async throws -> Run {
    let recorder = Recorder()
    var pair = ModelPair(name: "pair", slm: slm, llm: llm)
    pair.routers = routers
    let session = try ReasoningSession(
        specification: JobSpecification(prompt: "Q", strategy: strategy, parameters: parameters, seed: seed),
        pair: pair, sequences: SessionSequences(session: 7), resuming: resuming)
    let outcome = try await session.run { await recorder.append($0) }
    return Run(outcome: outcome, records: await resuming + recorder.records)
}
