import Decoder
import Generation
import Kernels

/// A request that a sequence is serving, and what it has produced so far. What every token needs lies open, so that
/// nothing of the request is copied on the way.
struct ActiveRequest {
    /// Names the request.
    let id: UInt64
    /// Whether the next distribution is asked for, and no tokens.
    let isProbe: Bool
    /// Tokens before what is asked for.
    let contextCount: Int
    let call: EngineRequest.Call
    /// The guess of the next tokens.
    let draft: [TokenID]
    /// Where the draft was drawn from, if its tokens are kept by the ratio of probabilities; else nil.
    let draftDistributions: [TokenDistribution]?
    let details: GenerationRequest.Details
    let watch: HandoverWatch?
    /// Heads that a probe asks for.
    let heads: [HeadUse]
    /// What is needed of a row that a token is drawn from.
    private let demand: LogitDemand
    private let sampling: SamplingParameters
    private let randomness: Randomness
    /// Position of the first draw.
    private let firstPosition: UInt32
    /// Most tokens to generate, within what the request and the model's context allow.
    private let tokenLimit: Int
    private var stop: StopDetector

    /// The generated tokens, a given first one included.
    private(set) var tokens: [TokenID] = []
    private(set) var work = ModelWork()
    private(set) var measured = 0
    private(set) var logProbability = 0.0
    private(set) var entropySum = 0.0
    var acceptedDraftTokens = 0
    var handoverSignal: Double?
    var refusedToken: TokenID?
    var scores: [TokenScore] = []
    var distributions: [TokenDistribution] = []

    /// Takes a request on.
    ///
    /// - Parameters:
    ///   - contextLength: The longest context of the model, generated tokens included.
    ///   - heads: The heads that a request can name, which the request has been checked against.
    init(_ request: EngineRequest, endOfText: Set<TokenID>, contextLength: Int, heads served: [String: HeadUse] = [:]) {
        id = request.id
        call = request.call
        contextCount = request.context.count
        stop = StopDetector(request.stop, endOfText: endOfText)
        tokenLimit = min(request.maximumTokens, contextLength - request.context.count)
        switch request.call {
        case .probe(let probe, _):
            isProbe = true
            (sampling, randomness, firstPosition) = (probe.sampling, probe.randomness, 0)
            (draft, draftDistributions, details, watch) = ([], nil, [], nil)
            heads = probe.heads.compactMap { served[$0] }
            demand = LogitDemand(
                topCount: heads.reduce(max(probe.topCount, probe.topEntropySupport ?? 0)) { max($0, $1.topLogits) },
                wholeRow: !sampling.isGreedy, hidden: !heads.isEmpty, pickedCount: probe.options.count)
        case .generate(let generation, _):
            isProbe = false
            (sampling, randomness) = (generation.sampling, generation.randomness)
            firstPosition = UInt32(generation.written)
            draft = generation.draft
            if case .ratio(let distributions) = generation.acceptance {
                draftDistributions = distributions
            } else {
                draftDistributions = nil
            }
            details = generation.details
            watch = generation.handover.map { HandoverWatch($0, heads: served) }
            heads = []
            demand = LogitDemand(
                topCount: watch?.topCount ?? 0, wholeRow: !sampling.isGreedy, hidden: watch?.head != nil)
        }
    }

    /// Tokens known to come behind the context.
    var ahead: ArraySlice<TokenID> { draft.isEmpty ? tokens[...] : draft.prefix(tokenLimit - 1) }

    /// Number of distributions that the request waits for in its first passes.
    var reads: Int {
        if case .probe(let probe, _) = call { return 1 + probe.scoredTokens }
        return draft.isEmpty ? 1 : 1 + min(draft.count, tokenLimit - 1)
    }

    /// Changes the request where it lies.
    mutating func update<Result>(_ change: (inout ActiveRequest) -> Result) -> Result { change(&self) }

    /// Notes what is being generated and stands at the end of the request's context: a stop may begin in it.
    mutating func didWrite(of request: EngineRequest, _ table: TokenBytes) {
        var bytes: [UInt8] = []
        for token in request.context.suffix(request.written).reversed() where bytes.count < stop.reach {
            bytes.insert(contentsOf: table[token], at: 0)
        }
        stop.prime(bytes)
    }

    /// Notes context tokens that were found in the cache.
    mutating func didShare(_ count: Int) { work.cachedTokens += count }

    /// Notes a forward pass that computed tokens for the request, and how many of them belong to the context, recomputed
    /// ones included.
    mutating func didCompute(prefilled: Int, nanoseconds: Int64) {
        work.prefillTokens += prefilled
        work.activeNanoseconds += nanoseconds
    }

    /// States what the request needs of the row of the token at `position`, the next one of a batch.
    func appendDemand(
        position: Int, to batch: inout ForwardBatch, draws: inout TokenDraws, heads runs: inout HeadRuns
    ) {
        runs.beginRow()
        let index = position + 1 - contextCount
        if isProbe {
            guard case .probe(let probe, _) = call else { return }
            guard index == 0 else {
                batch.demands.append(LogitDemand(pickedCount: 1))
                batch.picked.append(probe.context[position + 1])
                return draws.append(TokenDraw(parameters: .greedy, uniform: 0))
            }
            batch.picked.append(contentsOf: probe.options)
            for head in heads { runs.ask(head) }
        } else if let head = watch?.head {
            runs.ask(head, entropyAbove: watch?.entropyAbove)
        }
        batch.demands.append(demand)
        appendDraw(index, to: &draws)
    }

    /// How the token of that index of the generation is drawn.
    private func appendDraw(_ index: Int, to draws: inout TokenDraws) {
        let position = firstPosition + UInt32(index)
        let keepsDistribution = details.contains(.distributions)
        guard let draftDistributions else {
            return draws.append(
                TokenDraw(
                    parameters: sampling, uniform: randomness.uniform(position: position),
                    keepsDistribution: keepsDistribution))
        }
        // Independent of the number that the drafter drew this position with, behind the draft too: where a draft ends,
        // or that it is empty, may depend on what the drafter drew there.
        let draw = TokenDraw(
            parameters: sampling, uniform: randomness.uniform(position: position, purpose: .residual),
            keepsDistribution: keepsDistribution)
        guard index < draft.count else { return draws.append(draw) }
        draws.append(
            draw,
            proposal: Proposal(
                token: draft[index], distribution: draftDistributions[index],
                acceptance: randomness.uniform(position: position, purpose: .acceptance)))
    }

    /// Notes what a distribution says of the token that was drawn from it.
    mutating func measure(logit: Float, statistics: LogitStatistics) {
        logProbability += Double(logit) - statistics.logSumExp
        entropySum += statistics.entropy
        measured += 1
        if details.contains(.scores) {
            scores.append(
                TokenScore(logProbability: Double(logit) - statistics.logSumExp, entropy: statistics.entropy))
        }
    }

    /// Takes a token into the generation.
    ///
    /// - Returns: A reason if the generation ends with it.
    mutating func accept(_ token: TokenID, bytes: some Sequence<UInt8>) -> FinishReason? {
        work.decodedTokens += 1
        let finish = stop.accept(token, bytes: bytes)
        if finish != .endOfText { tokens.append(token) }
        return finish ?? (tokens.count >= tokenLimit ? .length : nil)
    }
}
