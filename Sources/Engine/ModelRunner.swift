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
    private var admittedSlots: Set<Int> = []
    private var logits: [Float] = []
    private var sampler = Sampler()

    /// What the model has done so far.
    private(set) var metrics = ModelMetrics()

    /// Creates a runner with an empty cache.
    init(_ model: LoadedModel) {
        name = model.identity.name
        decoder = model.decoder
        cache = KeyValueCache(shape: model.decoder.shape, blockCount: model.blockCount)
        endOfText = model.vocabulary.endOfText
        sampleable = min(model.vocabulary.count, model.decoder.shape.vocabularySize)
        tokenBytes = TokenBytes(model.vocabulary)
        scheduler = Scheduler(maximumRows: model.maximumRows, maximumChunk: model.maximumChunk)
        store = SequenceStore(
            blocks: KeyValueBlocks(count: model.blockCount, blockTokens: KeyValueCache.blockTokens))
        metrics.blocks = model.blockCount
    }

    /// Whether any request waits for an answer.
    var hasWork: Bool { store.activeCount > 0 }

    // MARK: Requests

    /// Takes a request on.
    func submit(_ request: EngineRequest) {
        if let error = refusal(request) { return request.fail(error) }
        var active = ActiveRequest(request: request, stop: StopDetector(request.stop, endOfText: endOfText))
        if let firstToken = request.firstToken, let finish = accept(firstToken, into: &active) {
            return active.answer(finish: finish)
        }
        let slot = store.open(request.sequence)
        store.attach(active, context: request.context, firstToken: request.firstToken, to: slot)
        metrics.cachedTokens += store[slot].active?.work.cachedTokens ?? 0
    }

    /// Withdraws a request; does nothing if it has been answered.
    func cancel(_ id: UInt64) {
        guard let slot = store.indices.first(where: { store[$0].active?.request.id == id }) else { return }
        store.detach(slot)?.request.fail(CancellationError())
    }

    /// Gives back a sequence's blocks. A request still open is answered with a cancellation.
    func close(_ id: SequenceID) {
        store.close(id)?.request.fail(CancellationError())
    }

    /// Answers every open request with an error.
    func failAll(_ error: any Error) {
        for slot in store.indices { store.detach(slot)?.request.fail(error) }
    }

    // MARK: Stepping

    /// Runs one forward pass over what is pending and answers the requests that it completes.
    func step() {
        let start = clock.now
        admit()
        guard !admitted.isEmpty else { return }
        assembleBatch()
        let vocabulary = decoder.shape.vocabularySize
        let needed = batch.logitRows.count * vocabulary
        if logits.count < needed { logits = Array(repeating: 0, count: needed) }
        let forwardStart = clock.now
        logits.withUnsafeMutableBufferPointer { decoder.forward(batch, cache: cache, logits: $0) }
        let forwardTime = (clock.now - forwardStart).nanoseconds
        collect(forwardTime: forwardTime, vocabulary: vocabulary)
        metrics.forwardPasses += 1
        metrics.rows += batch.tokens.count
        metrics.logitRows += batch.logitRows.count
        metrics.preemptions = store.preemptions
        metrics.blocksInUse = store.blocks.count - store.blocks.reusableCount
        metrics.forwardNanoseconds += forwardTime
        metrics.stepNanoseconds += (clock.now - start).nanoseconds
    }

    /// Plans the pass and finds KV blocks for it.
    private func admit() {
        candidates.removeAll(keepingCapacity: true)
        for slot in store.indices {
            guard let active = store[slot].active else { continue }
            metrics.cachedTokens += store.sharePrefix(of: slot)
            candidates.append(
                Scheduler.Candidate(
                    slot: slot, isProbe: active.isProbe, pending: store[slot].cached.pending, age: store[slot].age))
        }
        admittedSlots.removeAll(keepingCapacity: true)
        scheduler.plan(&candidates, into: &admitted, admit: reserve)
    }

    private func reserve(_ share: Scheduler.Share) -> Bool {
        // A sequence that lost its blocks to an older one in this very pass has more pending than was planned.
        let pending = store[share.slot].cached.pending
        guard share.completes ? pending == share.count : pending > share.count else { return false }
        switch store.reserve(share.count, for: share.slot, admitted: admittedSlots) {
        case .granted:
            admittedSlots.insert(share.slot)
            return true
        case .wait: return false
        case .impossible(let needed):
            store.detach(share.slot)?.request.fail(
                ModelError.cacheTooSmall(model: name, blocksNeeded: needed, blocks: store.blocks.count))
            return false
        }
    }

    private func assembleBatch() {
        batch.removeAll()
        batch.blockTableStarts.append(0)
        for (index, share) in admitted.enumerated() {
            let cached = store[share.slot].cached
            for position in cached.computed..<cached.computed + share.count {
                batch.tokens.append(cached.tokens[position])
                batch.positions.append(Int32(position))
                batch.sequences.append(Int32(index))
            }
            if share.completes { batch.logitRows.append(Int32(batch.tokens.count - 1)) }
            batch.blockTables.append(contentsOf: cached.blockTable)
            batch.blockTableStarts.append(Int32(batch.blockTables.count))
        }
    }

    /// Reads the logits of the pass.
    private func collect(forwardTime: Int64, vocabulary: Int) {
        var logitRow = 0
        var probes = 0
        for share in admitted {
            store.didCompute(share.count, of: share.slot)
            guard var active = store.detach(share.slot) else { preconditionFailure("served an idle sequence") }
            metrics.prefillTokens += active.didCompute(
                share.count, completes: share.completes, nanoseconds: forwardTime)
            guard share.completes else {
                store.reattach(active, to: share.slot)
                continue
            }
            let next: TokenID? = logits.withUnsafeBufferPointer { buffer in
                let row = UnsafeBufferPointer(
                    rebasing: buffer[logitRow * vocabulary..<(logitRow + 1) * vocabulary])
                return read(row, into: &active)
            }
            logitRow += 1
            if active.isProbe { probes += 1 }
            if let next {
                store.append(next, to: share.slot)
                store.reattach(active, to: share.slot)
            }
        }
        metrics.probes += probes
        if probes > 0 { metrics.passesWithProbes += 1 }
    }

    /// Reads the logits that a request waited for.
    ///
    /// - Returns: The token to compute next, or `nil` if the request has its answer.
    private func read(_ logits: UnsafeBufferPointer<Float>, into active: inout ActiveRequest) -> TokenID? {
        let statistics = LogitStatistics(of: logits)
        switch active.request.call {
        case .probe(let request, let continuation):
            let sampled =
                statistics.isFinite
                ? sampler.draw(
                    from: logits, count: sampleable, maximum: Double(statistics.maximum), parameters: request.sampling,
                    uniform: request.randomness.uniform(position: 0))
                : 0
            let signals = DistributionSignals(
                logits: logits, statistics: statistics, topCount: request.topCount,
                topEntropySupport: request.topEntropySupport)
            continuation.resume(returning: Probe(signals: signals, sampledToken: sampled, work: active.work))
            return nil
        case .generate(let request, _):
            guard statistics.isFinite else {
                active.request.fail(ModelError.nonFiniteLogits(model: name))
                return nil
            }
            let token = sampler.draw(
                from: logits, count: sampleable, maximum: Double(statistics.maximum), parameters: request.sampling,
                uniform: request.randomness.uniform(position: UInt32(active.tokens.count)))
            active.measure(
                logProbability: Double(logits[Int(token)]) - statistics.logSumExp, entropy: statistics.entropy)
            metrics.generatedTokens += 1
            guard let finish = accept(token, into: &active) else { return token }
            active.answer(finish: finish)
            return nil
        }
    }

    /// Takes a token into a generation.
    ///
    /// - Returns: A reason if the generation ends with it.
    private func accept(_ token: TokenID, into active: inout ActiveRequest) -> FinishReason? {
        active.work.decodedTokens += 1
        let finish = active.stop.accept(token, bytes: tokenBytes[token])
        if finish != .endOfText { active.tokens.append(token) }
        if let finish { return finish }
        let room = decoder.shape.contextLength - active.request.context.count
        return active.tokens.count >= min(active.request.maximumTokens, room) ? .length : nil
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
        if let stray = (request.context + [request.firstToken].compactMap(\.self)).first(where: { !valid.contains($0) })
        {
            return .invalidRequest("token \(stray) is outside the vocabulary of \(shape.vocabularySize)")
        }
        return nil
    }
}
