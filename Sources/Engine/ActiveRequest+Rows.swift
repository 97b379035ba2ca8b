import Decoder
import Generation
import Kernels

/// What the rows of a forward pass mean for a request. They are taken in the order of their positions.
extension ActiveRequest {
    /// What becomes of the request after a row.
    enum Next {
        /// Another row follows.
        case wait
        /// Its next token is to be computed.
        case append(TokenID)
        /// The generation ends.
        case end(FinishReason)
        /// The row is the one that a probe asked for.
        case probed
        /// The row is not finite.
        case broken
    }

    /// Takes the row of the token at some position, the next one.
    ///
    /// - Parameters:
    ///   - row: Its number in the pass.
    ///   - logVocabulary: The ceiling of its entropy.
    mutating func take(
        _ row: Int, of output: HeadOutput, _ draws: TokenDraws, _ heads: HeadRuns, _ bytes: TokenBytes,
        logVocabulary: Double
    ) -> Next {
        let statistics = output.statistics(row)
        if isProbe { return takeForProbe(statistics, output.picked(row)) }
        guard statistics.isFinite else { return .broken }
        let drawn = draws[row]
        if let watch {
            let value = watch.value(
                statistics, top: output.top(row), head: heads.values(row).first ?? nil, logVocabulary: logVocabulary)
            if value?.isNaN == true { return .broken }
            handoverSignal = value.flatMap { watch.fires(at: $0) ? $0 : nil }
            if handoverSignal != nil, watch.refuses {
                refusedToken = drawn.id
                return .end(.handover)
            }
        }
        measure(logit: drawn.logit, statistics: statistics)
        let index = tokens.count
        let finish = accept(drawn.id, bytes: bytes[drawn.id])
        let isKept = index < draft.count && draft[index] == drawn.id
        if tokens.count > index {
            if isKept { acceptedDraftTokens += 1 }
            if let distribution = draws.distribution(row) { distributions.append(distribution) }
        }
        if let finish { return .end(finish) }
        if handoverSignal != nil { return .end(.handover) }
        if draft.isEmpty { return .append(drawn.id) }
        return isKept ? .wait : .end(.handover)
    }

    private mutating func takeForProbe(_ statistics: LogitStatistics, _ picked: UnsafeBufferPointer<Float>) -> Next {
        guard case .probe(let probe, _) = call else { return .broken }
        // A probe that asks for nothing else reports that its distribution is not finite.
        let isPlain = probe.options.isEmpty && probe.heads.isEmpty && probe.scoredTokens == 0
        guard statistics.isFinite || isPlain else { return .broken }
        guard scores.count < probe.scoredTokens else { return .probed }
        scores.append(
            TokenScore(logProbability: Double(picked[0]) - statistics.logSumExp, entropy: statistics.entropy))
        return .wait
    }

    /// What has been produced, for a generation that ends.
    func answer(finish: FinishReason) -> EngineAnswer {
        guard case .generate(_, let continuation) = call else { preconditionFailure("a probe generates nothing") }
        var generation = Generation(
            tokens: tokens, finish: finish, logProbability: logProbability, entropySum: entropySum,
            measuredTokens: measured, work: work)
        generation.acceptedDraftTokens = acceptedDraftTokens
        generation.handoverSignal = handoverSignal
        generation.refusedToken = refusedToken
        generation.scores = scores
        generation.distributions = distributions
        return .generation(.success(generation), continuation)
    }

    /// What a row of a forward pass says, for a probe.
    func answer(
        _ output: HeadOutput, row: Int, vocabulary: Int, sampledToken: TokenID, heads: HeadRuns
    ) -> EngineAnswer {
        guard case .probe(let request, let continuation) = call else { preconditionFailure("a generation is no probe") }
        let signals = DistributionSignals(
            output, row: row, vocabulary: vocabulary, topCount: request.topCount,
            topEntropySupport: request.topEntropySupport)
        var probe = Probe(signals: signals, sampledToken: sampledToken, work: work)
        let logSumExp = output.statistics(row).logSumExp
        probe.optionLogProbabilities = output.picked(row).map { Double($0) - logSumExp }
        probe.headValues = heads.values(row).map { $0 ?? .nan }
        probe.scores = scores
        return .probe(.success(probe), continuation)
    }

    /// An error.
    func failure(_ error: any Error) -> EngineAnswer { call.failure(error) }
}
