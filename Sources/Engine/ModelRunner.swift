import Checkpoints
import Decoder
import Generation
import Kernels

/// Serves the requests of all sequences to one model: plans forward passes, runs them, samples, answers. Lives on the
/// engine's thread and is not shared.
final class ModelRunner {
    private let name: String
    private let decoder: Decoder
    private let cache: KeyValueCache
    private let endOfText: Set<TokenID>
    private let sampleable: Int
    private let tokenBytes: TokenBytes
    private let scheduler: Scheduler
    private let clock = ContinuousClock()

    private var store: SequenceStore

    // Working memory, kept between steps.
    private var batch = ForwardBatch()
    private var candidates: [Scheduler.Candidate] = []
    private var admitted: [Scheduler.Share] = []
    private let output: HeadOutput
    private var draws: TokenDraws
    private var outbox = Outbox()

    /// What the model has done so far.
    private(set) var metrics = ModelMetrics()

    /// Creates a runner with an empty cache.
    init(_ model: LoadedModel, cache: KeyValueCache) {
        name = model.identity.name
        decoder = model.decoder
        self.cache = cache
        endOfText = model.vocabulary.endOfText
        sampleable = min(model.vocabulary.count, model.decoder.shape.vocabularySize)
        output = HeadOutput(drawable: sampleable)
        draws = TokenDraws(model.decoder)
        tokenBytes = TokenBytes(model.vocabulary)
        scheduler = Scheduler(maximumRows: model.maximumRows, maximumChunk: model.maximumChunk)
        store = SequenceStore(
            blocks: KeyValueBlocks(count: model.blockCount, blockTokens: KeyValueCache.blockTokens))
        metrics.blocks = model.blockCount
    }

    /// Whether any request waits for an answer.
    var hasWork: Bool { !store.activeSlots.isEmpty }

    // MARK: Requests

    /// Takes a request on.
    func submit(_ request: EngineRequest) {
        if let error = refusal(request) { return request.fail(error) }
        var active = ActiveRequest(request, endOfText: endOfText, contextLength: decoder.shape.contextLength)
        if let firstToken = request.firstToken,
            let finish = active.accept(firstToken, bytes: tokenBytes[firstToken])
        {
            return active.answer(finish: finish).give()
        }
        let slot = store.open(request.sequence)
        metrics.cachedTokens += store.attach(
            active, context: request.context, firstToken: request.firstToken, to: slot)
    }

    /// Withdraws a request; does nothing if it has been answered.
    func cancel(_ id: UInt64) {
        guard let slot = store.slot(serving: id) else { return }
        store.detach(slot)?.failure(CancellationError()).give()
    }

    /// Gives back a sequence's blocks. A request still open is answered with a cancellation.
    func close(_ id: SequenceID) {
        store.close(id)?.failure(CancellationError()).give()
    }

    /// Answers every open request with an error.
    func failAll(_ error: any Error) {
        for slot in store.activeSlots { store.detach(slot)?.failure(error).give() }
    }

    // MARK: Stepping

    /// Runs one forward pass over what is pending and answers the requests that it completes.
    func step() {
        let start = clock.now
        defer { outbox.deliver() }
        admit()
        guard !admitted.isEmpty else { return }
        assembleBatch()
        let forwardStart = clock.now
        decoder.forward(batch, cache: cache, output: output)
        let forwardTime = (clock.now - forwardStart).nanoseconds
        draws.draw(from: output)
        collect(forwardTime: forwardTime)
        metrics.forwardPasses += 1
        metrics.rows += batch.tokens.count
        metrics.logitRows += batch.logitRows.count
        metrics.preemptions = store.preemptions
        metrics.prefixLookups = store.prefixLookups
        metrics.prefixHits = store.prefixHits
        metrics.waitingForRoom = store.waitingForRoom
        metrics.blocksInUse = store.blocks.count - store.blocks.reusableCount
        metrics.forwardNanoseconds += forwardTime
        metrics.stepNanoseconds += (clock.now - start).nanoseconds
    }

    /// Plans the pass and finds KV blocks for it.
    private func admit() {
        candidates.removeAll(keepingCapacity: true)
        for slot in store.activeSlots {
            metrics.cachedTokens += store.sharePrefix(of: slot)
            candidates.append(store.candidate(slot))
        }
        store.beginPass()
        scheduler.plan(&candidates, into: &admitted, admit: reserve)
    }

    private func reserve(_ share: Scheduler.Share) -> Bool {
        // A sequence that lost its blocks to an older one in this very pass has more pending than was planned.
        let pending = store.pending(share.slot)
        guard share.completes ? pending == share.count : pending > share.count else { return false }
        switch store.reserve(share.count, for: share.slot) {
        case .granted: return true
        case .wait: return false
        case .impossible(let needed):
            let error = ModelError.cacheTooSmall(model: name, blocksNeeded: needed, blocks: store.blocks.count)
            answer(share.slot) { $0.failure(error) }
            return false
        }
    }

    private func assembleBatch() {
        batch.removeAll()
        draws.removeAll()
        batch.blockTableStarts.append(0)
        for share in admitted {
            store.appendRows(share.count, of: share.slot, to: &batch)
            guard share.completes, let demand = store.demand(of: share.slot) else { continue }
            batch.logitRows.append(Int32(batch.tokens.count - 1))
            batch.demands.append(demand.logits)
            draws.append(demand.draw)
        }
    }

    /// Reads the results of the pass.
    private func collect(forwardTime: Int64) {
        var logitRow = 0
        var probes = 0
        for share in admitted {
            store.didCompute(share.count, of: share.slot)
            let prefilled = store.update(share.slot) { active in
                active.didCompute(share.count, completes: share.completes, nanoseconds: forwardTime)
            }
            guard let prefilled else { preconditionFailure("served an idle sequence") }
            metrics.prefillTokens += prefilled
            guard share.completes else { continue }
            if read(logitRow, for: share.slot) { probes += 1 }
            logitRow += 1
        }
        metrics.probes += probes
        if probes > 0 { metrics.passesWithProbes += 1 }
    }

    /// Reads the row that a request waited for: answers a probe, or takes the drawn token and answers if the generation
    /// ends with it.
    ///
    /// - Returns: Whether it was a probe.
    private func read(_ row: Int, for slot: Int) -> Bool {
        let statistics = output.statistics(row), token = draws[row]
        if store.isProbe(slot) {
            let vocabulary = decoder.shape.vocabularySize
            answer(slot) { $0.answer(output, row: row, vocabulary: vocabulary, sampledToken: token.id) }
            return true
        }
        guard statistics.isFinite else {
            answer(slot) { $0.failure(ModelError.nonFiniteLogits(model: name)) }
            return false
        }
        metrics.generatedTokens += 1
        let finish = store.update(slot) { active -> FinishReason? in
            active.measure(logit: token.logit, statistics: statistics)
            return active.accept(token.id, bytes: tokenBytes[token.id])
        }
        if let finish = finish ?? nil {
            answer(slot) { $0.answer(finish: finish) }
        } else {
            store.append(token.id, to: slot)
        }
        return false
    }

    /// Takes a sequence's request away and answers it at the end of the step.
    private func answer(_ slot: Int, with make: (ActiveRequest) -> EngineAnswer) {
        if let request = store.detach(slot) { outbox.append(make(request)) }
    }

    private func refusal(_ request: EngineRequest) -> ModelError? {
        let shape = decoder.shape
        if request.context.isEmpty { return .invalidRequest("the context is empty") }
        if request.context.count >= shape.contextLength {
            return .contextTooLong(model: name, tokens: request.context.count + 1, limit: shape.contextLength)
        }
        if request.maximumTokens < 1 {
            return .invalidRequest("at least one token must be asked for, got \(request.maximumTokens)")
        }
        let valid = 0..<TokenID(shape.vocabularySize)
        let stray = request.context.first { !valid.contains($0) }
        if let stray = stray ?? request.firstToken.flatMap({ valid.contains($0) ? nil : $0 }) {
            return .invalidRequest("token \(stray) is outside the vocabulary of \(shape.vocabularySize)")
        }
        return nil
    }
}
