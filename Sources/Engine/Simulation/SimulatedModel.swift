#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif
import Generation
import Synchronization

/// A model without weights. What it says is a function of context and seed (``SimulatedChain``), how long it takes is
/// a matter of its description, and it only sleeps meanwhile: thousands of sessions run on one core.
final class SimulatedModel: LanguageModel {
    let identity: ModelIdentity
    let headNames: Set<String>
    private let description: SimulatedModelDescription
    private let fingerprint: UInt64
    private let account = Mutex(Account())

    private struct Account {
        var metrics = ModelMetrics()
        /// Tokens that each open sequence has read or written.
        var sequences: [SequenceID: Int] = [:]
    }

    /// Creates a model that serves heads of these names: they give its doubt.
    init(name: String, _ description: SimulatedModelDescription, heads: Set<String> = []) {
        headNames = heads
        var digest = Digest()
        let origin = "\(name) \(description.steps) \(description.stepTokens)"
        for byte in origin.utf8 { digest.add(TokenID(byte)) }
        fingerprint = Digest.mixed(digest.value)
        self.description = description
        identity = ModelIdentity(
            name: name, parameterCount: description.parameterCount, contextLength: description.contextLength,
            fingerprint: "simulated-" + String(fingerprint, radix: 16))
    }

    /// The simulated models of a pool, in the order of their names.
    static func all(of description: ModelPoolDescription) -> [SimulatedModel] {
        description.models.sorted { $0.key < $1.key }.compactMap { name, entry in
            let heads = Set(description.heads.filter { $0.value.model == name }.keys)
            return entry.simulated.map { SimulatedModel(name: name, $0, heads: heads) }
        }
    }

    var metrics: ModelMetrics { account.withLock { $0.metrics } }
    var vocabulary: any Vocabulary { SimulatedVocabulary() }
    var forcedThinkingEnd: [TokenID] { [SimulatedVocabulary.thinkingEndToken] }

    func promptTokens(for conversation: Conversation) -> [TokenID] {
        let text =
            switch conversation {
            case .raw(let text): text
            case .messages(let messages): messages.map { "\($0.role.rawValue): \($0.content)\n" }.joined()
            }
        return SimulatedVocabulary().encode(text, matchingSpecialTokens: false)
            + [SimulatedVocabulary.thinkingStartToken]
    }

    func probe(_ request: ProbeRequest) async throws -> Probe {
        try check(request.context, growth: 1)
        guard request.scoredTokens >= 0, request.scoredTokens < request.context.count else {
            throw ModelError.invalidRequest("\(request.scoredTokens) tokens to score of \(request.context.count)")
        }
        let chain = chain(request.context, request.randomness)
        try await meetDirective(chain)
        if description.timePerProbe > .zero { try await Task.sleep(for: description.timePerProbe) }
        let next = chain.next, entropy = chain.entropy, logVocabulary = SimulatedChain.logVocabulary
        let top = (0..<min(request.topCount, 256)).map { rank in
            DistributionSignals.TokenProbability(
                token: (next + TokenID(rank)) % 256, logProbability: -Double(rank + 1) * max(entropy, 0x1p-8))
        }
        var probe = Probe(
            signals: DistributionSignals(
                entropy: entropy, topEntropy: request.topEntropySupport.map { min(entropy, log(Double($0))) },
                logVocabulary: logVocabulary, top: top),
            sampledToken: next,
            work: charge(
                request.sequence, context: request.context.count, decoded: 0, time: description.timePerProbe,
                isProbe: true))
        probe.optionLogProbabilities = request.options.map(chain.logProbability)
        probe.headValues = request.heads.map { _ in chain.doubt }
        var past = self.chain(request.context.dropLast(request.scoredTokens), request.randomness)
        for token in request.context.suffix(request.scoredTokens) {
            probe.scores.append(TokenScore(logProbability: past.logProbability(of: token), entropy: past.entropy))
            past.append(token)
        }
        return probe
    }

    func generate(_ request: GenerationRequest) async throws -> Generation {
        guard request.maximumTokens >= 1 else {
            throw ModelError.invalidRequest("a limit of \(request.maximumTokens) tokens")
        }
        try check(request.context, growth: request.maximumTokens)
        var chain = chain(request.context, request.randomness)
        try await meetDirective(chain)
        let vocabulary = SimulatedVocabulary()
        var stop = StopDetector(request.stop, endOfText: vocabulary.endOfText)
        stop.prime(vocabulary.bytes(of: request.context.suffix(request.written)))
        let watch = request.handover.map { HandoverWatch($0, heads: [:]) }
        var generation = Generation(tokens: [], finish: .length)
        var decoded = 0
        while generation.tokens.count < request.maximumTokens {
            let index = generation.tokens.count
            let given = index == 0 ? request.firstToken : nil
            let token = given ?? chain.next
            if given == nil {
                generation.handoverSignal = watch?.signal(of: chain)
                if generation.handoverSignal != nil, watch?.refuses == true {
                    (generation.finish, generation.refusedToken) = (.handover, token)
                    break
                }
                generation.measure(chain, details: request.details)
            }
            decoded += 1
            let reason = stop.accept(token, bytes: vocabulary.bytes(of: token))
            if reason != .endOfText {
                chain.append(token)
                generation.tokens.append(token)
            }
            let isKept = index < request.draft.count && request.draft[index] == token
            if isKept, reason != .endOfText { generation.acceptedDraftTokens += 1 }
            if let reason {
                generation.finish = reason
                break
            }
            guard generation.tokens.count < request.maximumTokens else { break }
            if generation.handoverSignal != nil || !(request.draft.isEmpty || isKept) {
                generation.finish = .handover
                break
            }
        }
        // A draft is verified in one pass.
        let time = description.timePerToken * (request.draft.isEmpty ? decoded : 1)
        if time > .zero { try await Task.sleep(for: time) } else { try Task.checkCancellation() }
        generation.work = charge(
            request.sequence, context: request.context.count, decoded: decoded, time: time, isProbe: false)
        return generation
    }

    func close(_ sequence: SequenceID) {
        account.withLock { $0.sequences[sequence] = nil }
    }

    func followUp(question: String, prefill: String) -> [TokenID] {
        SimulatedVocabulary().encode("\nuser: \(question)\nassistant: \(prefill)", matchingSpecialTokens: false)
    }

    private func chain(_ context: some Sequence<TokenID>, _ randomness: Randomness) -> SimulatedChain {
        SimulatedChain(description, fingerprint: fingerprint, context: Array(context), seed: randomness.seed)
    }

    private func check(_ context: [TokenID], growth: Int) throws {
        if context.isEmpty { throw ModelError.invalidRequest("an empty context") }
        guard context.count + growth <= identity.contextLength else {
            throw ModelError.contextTooLong(
                model: identity.name, tokens: context.count + growth, limit: identity.contextLength)
        }
    }

    private func meetDirective(_ chain: SimulatedChain) async throws {
        if let complaint = chain.prompt.complaint { throw ModelError.invalidRequest(complaint) }
        guard let directive = chain.prompt.directive, !chain.isAnswering, chain.step >= directive.step else { return }
        switch directive.misfortune {
        case .crash: kill(getpid(), SIGKILL)
        case .fail: throw ModelError.nonFiniteLogits(model: identity.name)
        case .hang: while true { try await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// Writes a request into the books.
    private func charge(
        _ sequence: SequenceID, context: Int, decoded: Int, time: Duration, isProbe: Bool
    ) -> ModelWork {
        account.withLock { account in
            let known = min(account.sequences[sequence] ?? 0, context)
            account.sequences[sequence] = context + decoded
            let work = ModelWork(
                prefillTokens: context - known, cachedTokens: known, decodedTokens: decoded,
                activeNanoseconds: time.nanoseconds)
            account.metrics.add(work, isProbe: isProbe)
            return work
        }
    }
}

extension ModelMetrics {
    fileprivate mutating func add(_ work: ModelWork, isProbe: Bool) {
        forwardPasses += 1
        rows += work.prefillTokens + work.decodedTokens
        logitRows += isProbe ? 1 : work.decodedTokens
        probes += isProbe ? 1 : 0
        passesWithProbes += isProbe ? 1 : 0
        generatedTokens += work.decodedTokens
        prefillTokens += work.prefillTokens
        cachedTokens += work.cachedTokens
        forwardNanoseconds += work.activeNanoseconds
        stepNanoseconds += work.activeNanoseconds
    }
}
