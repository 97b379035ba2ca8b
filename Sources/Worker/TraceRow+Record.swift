import Generation
import Postgres
import Queue
import Routing

extension TraceRow {
    /// A row of the trace of a claimed job.
    init(_ record: StepRecord, lease: JobLease, day: Day) {
        self.init(
            lease, sequence: Int32(record.index), day: day, kind: record.kind == .answer ? .answer : .thinking,
            owner: record.owner == .slm ? .slm : .llm, model: record.model, text: record.text, tokenIDs: record.tokens)
        rule = record.decision.rule.rawValue
        signalName = record.decision.signal?.name.rawValue
        signalValue = record.decision.signal?.value
        threshold = record.decision.threshold
        initialEntropy = record.glimpse?.entropy
        topEntropy = record.glimpse?.topEntropy
        normalisedEntropy = record.glimpse?.normalisedEntropy
        topEntropySupport = record.glimpse?.support.map { Int32($0) }
        probedToken = record.glimpse?.token
        slmDiscarded = Int32(record.discarded.slm)
        llmDiscarded = Int32(record.discarded.llm)
        probeTokens = record.glimpse == nil ? 0 : 1
        finishReason = record.finish.rawValue
        meanLogProbability = record.meanLogProbability
        meanEntropy = record.meanEntropy
        cost = Cost(record.cost)
        // Encoding a value of numbers and strings does not fail; what is not finite was left out before.
        extra = try? TraceExtra(record)?.json()
    }
}

extension TraceRow.Cost {
    fileprivate init(_ cost: StepCost) {
        self.init()
        slmPrefill = Int32(cost.probe.prefillTokens + cost.slm.prefillTokens + cost.slmTrial.prefillTokens)
        slmCached = Int32(cost.probe.cachedTokens + cost.slm.cachedTokens + cost.slmTrial.cachedTokens)
        slmDecoded = Int32(cost.slm.decodedTokens + cost.slmTrial.decodedTokens)
        llmPrefill = Int32(cost.llm.prefillTokens + cost.llmTrial.prefillTokens)
        llmCached = Int32(cost.llm.cachedTokens + cost.llmTrial.cachedTokens)
        llmDecoded = Int32(cost.llm.decodedTokens + cost.llmTrial.decodedTokens)
        probeNanoseconds = cost.probe.activeNanoseconds
        slmNanoseconds = cost.slm.activeNanoseconds + cost.slmTrial.activeNanoseconds
        llmNanoseconds = cost.llm.activeNanoseconds + cost.llmTrial.activeNanoseconds
    }
}

extension StepRecord {
    /// The record that a row of a trace holds, for resuming.
    ///
    /// - Throws: `SessionError` if the row holds values that this version does not know.
    init(_ row: TraceRow) throws {
        func unknown(_ column: String, _ value: String?) -> SessionError {
            SessionError(record: Int(row.sequence), reason: "unknown \(column) \(value ?? "NULL")")
        }
        guard let rule = row.rule.flatMap(StepDecision.Rule.init(rawValue:)) else { throw unknown("rule", row.rule) }
        guard let finish = row.finishReason.flatMap(FinishReason.init(rawValue:)) else {
            throw unknown("finish_reason", row.finishReason)
        }
        var signal: StepDecision.Signal?
        if let name = row.signalName, let value = row.signalValue {
            guard let known = StepDecision.Signal.Name(rawValue: name) else { throw unknown("signal_name", name) }
            signal = StepDecision.Signal(known, value)
        }
        var discarded = Discarded()
        discarded.slm = Int(row.slmDiscarded)
        discarded.llm = Int(row.llmDiscarded)
        var cost = StepCost()
        // Probe and small model share the columns of token counts.
        cost.probe.activeNanoseconds = row.cost.probeNanoseconds
        cost.slm = ModelWork(
            prefillTokens: Int(row.cost.slmPrefill), cachedTokens: Int(row.cost.slmCached),
            decodedTokens: Int(row.cost.slmDecoded), activeNanoseconds: row.cost.slmNanoseconds)
        cost.llm = ModelWork(
            prefillTokens: Int(row.cost.llmPrefill), cachedTokens: Int(row.cost.llmCached),
            decodedTokens: Int(row.cost.llmDecoded), activeNanoseconds: row.cost.llmNanoseconds)
        let extra: TraceExtra?
        do { extra = try row.extra.map(TraceExtra.init(json:)) } catch { throw unknown("extra", row.extra) }
        // Trials share the columns of the model that made them.
        cost.review = extra?.cost?.review ?? ModelWork()
        self.init(
            index: Int(row.sequence), kind: row.kind == .answer ? .answer : .thinking,
            decision: StepDecision(
                rule, owner: row.owner == .slm ? .slm : .llm, signal: signal, threshold: row.threshold),
            model: row.model,
            glimpse: row.probedToken.map {
                Glimpse(
                    entropy: row.initialEntropy, normalisedEntropy: row.normalisedEntropy,
                    topEntropy: row.topEntropy, support: row.topEntropySupport.map { Int($0) }, token: $0)
            },
            text: row.text, tokens: row.tokenIDs, finish: finish, discarded: discarded,
            meanLogProbability: row.meanLogProbability, meanEntropy: row.meanEntropy,
            details: extra?.details ?? StepDetails(), cost: cost)
    }
}
