import Checkpoints
import Decoder
import Foundation
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
    private let headUses: [String: HeadUse]
    private let logVocabulary: Double
    private let clock = ContinuousClock()

    private var store: SequenceStore

    // Working memory, kept between steps.
    private var batch = ForwardBatch()
    private var candidates: [Scheduler.Candidate] = []
    private var admitted: [Scheduler.Share] = []
    private let output: HeadOutput
    private var draws: TokenDraws
    private var heads: HeadRuns
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
        logVocabulary = log(Double(decoder.shape.vocabularySize))
        headUses = model.headUses
        heads = HeadRuns(model.heads.map(\.head), decoder: decoder, logVocabulary: logVocabulary)
        scheduler = Scheduler(
            maximumRows: model.maximumRows, maximumChunk: model.maximumChunk,
            maximumExtraReads: PoolMemory.extraLogitRows(decoder.shape))
        store = SequenceStore(
            blocks: KeyValueBlocks(count: model.blockCount, blockTokens: KeyValueCache.blockTokens))
        metrics.blocks = model.blockCount
    }

    /// Whether any request waits for an answer.
    var hasWork: Bool { !store.activeSlots.isEmpty }

    // MARK: Requests

    /// Takes a request on.
    func submit(_ request: EngineRequest) {
        let limits = RequestLimits(model: name, shape: decoder.shape, heads: Set(headUses.keys))
        if let error = limits.refusal(of: request) { return request.fail(error) }
        var active = ActiveRequest(
            request, endOfText: endOfText, contextLength: decoder.shape.contextLength, heads: headUses)
        if request.written > 0 { active.didWrite(of: request, tokenBytes) }
        if let firstToken = request.firstToken,
            let finish = active.accept(firstToken, bytes: tokenBytes[firstToken])
        {
            return active.answer(finish: finish).give()
        }
        let slot = store.open(request.sequence)
        metrics.cachedTokens += store.attach(active, context: request.context, to: slot)
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
        heads.run(output, draws)
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
        heads.removeAll()
        batch.blockTableStarts.append(0)
        for share in admitted {
            store.appendRows(share.count, of: share.slot, to: &batch)
            store.appendDemands(of: share.slot, rows: share.reads, to: &batch, draws: &draws, heads: &heads)
        }
    }

    /// Reads the results of the pass.
    private func collect(forwardTime: Int64) {
        var logitRow = 0
        var probes = 0
        for share in admitted {
            metrics.prefillTokens += store.didCompute(share.count, of: share.slot, nanoseconds: forwardTime)
            // A request that has ended leaves the rest of its rows unread.
            var row = logitRow
            logitRow += share.reads
            while row < logitRow, read(row, for: share.slot, &probes) { row += 1 }
        }
        metrics.probes += probes
        if probes > 0 { metrics.passesWithProbes += 1 }
    }

    /// Reads the next row that a request waited for: answers a probe, or takes the drawn token and answers if the
    /// generation ends with it.
    ///
    /// - Parameter probes: Counts probes that have been answered.
    /// - Returns: Whether the request waits for more.
    private func read(_ row: Int, for slot: Int, _ probes: inout Int) -> Bool {
        store.didRead(slot)
        let next = store.update(slot) { active in
            let tokens = active.work.decodedTokens
            defer { metrics.generatedTokens += active.work.decodedTokens - tokens }
            return active.take(row, of: output, draws, heads, tokenBytes, logVocabulary: logVocabulary)
        }
        guard let next else { preconditionFailure("read for an idle sequence") }
        switch next {
        case .wait: return true
        case .append(let token):
            store.append(token, to: slot)
            return false
        case .end(let finish):
            answer(slot) { active in
                metrics.draftedTokens += active.draft.count
                metrics.acceptedDraftTokens += active.acceptedDraftTokens
                return active.answer(finish: finish)
            }
        case .probed:
            probes += 1
            let vocabulary = decoder.shape.vocabularySize, token = draws[row].id
            answer(slot) { $0.answer(output, row: row, vocabulary: vocabulary, sampledToken: token, heads: heads) }
        case .broken: answer(slot) { $0.failure(ModelError.nonFiniteLogits(model: name)) }
        }
        return false
    }

    /// Takes a sequence's request away and answers it at the end of the step.
    private func answer(_ slot: Int, with make: (ActiveRequest) -> EngineAnswer) {
        if let request = store.detach(slot) { outbox.append(make(request)) }
    }
}
