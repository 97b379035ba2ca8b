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
    private let description: SimulatedModelDescription
    private let fingerprint: UInt64
    private let account = Mutex(Account())

    private struct Account {
        var metrics = ModelMetrics()
        /// Tokens that each open sequence has read or written.
        var sequences: [SequenceID: Int] = [:]
    }

    init(name: String, _ description: SimulatedModelDescription) {
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
            entry.simulated.map { SimulatedModel(name: name, $0) }
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
        let chain = chain(request.context, request.randomness)
        try await meetDirective(chain)
        if description.timePerProbe > .zero { try await Task.sleep(for: description.timePerProbe) }
        let next = chain.next
        let logVocabulary = log(Double(vocabulary.count))
        let entropy = chain.doubt * logVocabulary
        let top = (0..<min(request.topCount, 256)).map { rank in
            DistributionSignals.TokenProbability(
                token: (next + TokenID(rank)) % 256, logProbability: -Double(rank + 1) * max(entropy, 0x1p-8))
        }
        return Probe(
            signals: DistributionSignals(
                entropy: entropy, topEntropy: request.topEntropySupport.map { min(entropy, log(Double($0))) },
                logVocabulary: logVocabulary, top: top),
            sampledToken: next,
            work: charge(
                request.sequence, context: request.context.count, decoded: 0, time: description.timePerProbe,
                isProbe: true))
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
        var generation = Generation(tokens: [], finish: .length)
        var decoded = 0
        while generation.tokens.count < request.maximumTokens {
            let given = generation.tokens.isEmpty ? request.firstToken : nil
            let token = given ?? chain.next
            decoded += 1
            if given == nil {
                generation.entropySum += chain.doubt
                generation.logProbability -= chain.doubt
                generation.measuredTokens += 1
            }
            let reason = stop.accept(token, bytes: vocabulary.bytes(of: token))
            if reason != .endOfText {
                chain.append(token)
                generation.tokens.append(token)
            }
            if let reason {
                generation.finish = reason
                break
            }
        }
        let time = description.timePerToken * decoded
        if time > .zero { try await Task.sleep(for: time) } else { try Task.checkCancellation() }
        generation.work = charge(
            request.sequence, context: request.context.count, decoded: decoded, time: time, isProbe: false)
        return generation
    }

    func close(_ sequence: SequenceID) {
        account.withLock { $0.sequences[sequence] = nil }
    }

    private func chain(_ context: [TokenID], _ randomness: Randomness) -> SimulatedChain {
        SimulatedChain(description, fingerprint: fingerprint, context: context, seed: randomness.seed)
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
