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
    private let call: EngineRequest.Call
    private let sampling: SamplingParameters
    private let randomness: Randomness
    /// Most tokens to generate, within what the request and the model's context allow.
    private let tokenLimit: Int
    private var stop: StopDetector

    /// The generated tokens, a given first one included.
    private(set) var tokens: [TokenID] = []
    private(set) var work = ModelWork()
    private var measured = 0
    private var logProbability = 0.0
    private var entropySum = 0.0

    /// Takes a request on.
    ///
    /// - Parameter contextLength: The longest context of the model, generated tokens included.
    init(_ request: EngineRequest, endOfText: Set<TokenID>, contextLength: Int) {
        id = request.id
        call = request.call
        stop = StopDetector(request.stop, endOfText: endOfText)
        tokenLimit = min(request.maximumTokens, contextLength - request.context.count)
        switch request.call {
        case .probe(let probe, _):
            isProbe = true
            (sampling, randomness) = (probe.sampling, probe.randomness)
        case .generate(let generation, _):
            isProbe = false
            (sampling, randomness) = (generation.sampling, generation.randomness)
        }
    }

    /// Changes the request where it lies.
    mutating func update<Result>(_ change: (inout ActiveRequest) -> Result) -> Result { change(&self) }

    /// Notes context tokens that were found in the cache.
    mutating func didShare(_ count: Int) { work.cachedTokens += count }

    /// Notes a forward pass that computed `count` tokens for the request.
    ///
    /// - Parameter completes: Whether the pass computed all that was pending, the last generated token included.
    /// - Returns: How many of the tokens belong to the context, recomputed ones included.
    mutating func didCompute(_ count: Int, completes: Bool, nanoseconds: Int64) -> Int {
        let decoded = completes && !tokens.isEmpty ? 1 : 0
        work.prefillTokens += count - decoded
        work.activeNanoseconds += nanoseconds
        return count - decoded
    }

    /// What the request needs of the logits it waits for.
    var demand: LogitDemand {
        var demand = LogitDemand(wholeRow: !sampling.isGreedy)
        if case .probe(let probe, _) = call { demand.topCount = max(probe.topCount, probe.topEntropySupport ?? 0) }
        return demand
    }

    /// How its next token is drawn.
    var nextDraw: TokenDraw {
        TokenDraw(parameters: sampling, uniform: randomness.uniform(position: UInt32(tokens.count)))
    }

    /// Notes what a distribution says of the token that was drawn from it.
    mutating func measure(logit: Float, statistics: LogitStatistics) {
        logProbability += Double(logit) - statistics.logSumExp
        entropySum += statistics.entropy
        measured += 1
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

    /// What has been produced, for a generation that ends.
    func answer(finish: FinishReason) -> EngineAnswer {
        guard case .generate(_, let continuation) = call else { preconditionFailure("a probe generates nothing") }
        let generation = Generation(
            tokens: tokens, finish: finish, logProbability: logProbability, entropySum: entropySum,
            measuredTokens: measured, work: work)
        return .generation(.success(generation), continuation)
    }

    /// What a row of a forward pass says, for a probe.
    func answer(_ output: HeadOutput, row: Int, vocabulary: Int, sampledToken: TokenID) -> EngineAnswer {
        guard case .probe(let request, let continuation) = call else { preconditionFailure("a generation is no probe") }
        let signals = DistributionSignals(
            output, row: row, vocabulary: vocabulary, topCount: request.topCount,
            topEntropySupport: request.topEntropySupport)
        return .probe(
            .success(Probe(signals: signals, sampledToken: sampledToken, work: work)), continuation)
    }

    /// An error.
    func failure(_ error: any Error) -> EngineAnswer { call.failure(error) }
}
