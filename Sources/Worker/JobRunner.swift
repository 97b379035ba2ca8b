import Engine
import Foundation
import Generation
import Logging
import Queue
import Routing
import Synchronization

/// Runs claimed jobs on the pool's models and hands their steps to the trace writer.
final class JobRunner: Sendable {
    private let pool: ModelPool
    private let pairs: [String: ModelPair]
    private let traces: TraceWriter
    private let queue: QueueClient
    private let codeGrader: CodeGrader?
    private let methods: MethodActivity
    private let logger: Logger
    private let sessionNumber = Atomic<UInt64>(0)

    init(
        pool: ModelPool, traces: TraceWriter, queue: QueueClient, codeGrader: CodeGrader?, methods: MethodActivity,
        logger: Logger
    ) {
        self.queue = queue
        self.codeGrader = codeGrader
        self.methods = methods
        self.logger = logger
        self.pool = pool
        self.traces = traces
        // Made once: comparing the vocabularies of large models takes a while.
        pairs = Dictionary(
            uniqueKeysWithValues: pool.pairNames.compactMap { name in
                pool.pair(named: name).map { pair in
                    (name, ModelPair(pair))
                }
            })
    }

    /// Names and fingerprints of the models of each pair, as ``WorkerRegistration/models`` has them.
    var models: String {
        struct Model: Encodable {
            var name: String
            var fingerprint: String
            init(_ identity: ModelIdentity) { (name, fingerprint) = (identity.name, identity.fingerprint) }
        }
        let described = pairs.mapValues { ["slm": Model($0.slm.identity), "llm": Model($0.llm.identity)] }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(described)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// Runs a job to its end, or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - job: The claim.
    ///   - rows: The finished steps of earlier attempts.
    func run(_ job: HeldJob, resuming rows: [TraceRow]) async -> JobEnd {
        do {
            return .finished(try await solve(job, resuming: rows))
        } catch is CancellationError {
            return .stopped
        } catch {
            return .failed(FailureClass(error), message: "\(error)")
        }
    }

    private func solve(_ held: HeldJob, resuming rows: [TraceRow]) async throws -> FinishedJob {
        let job = held.claim
        let pairName = job.pair ?? pool.defaultPair
        guard let pair = pairs[pairName] else {
            throw SpecificationError(key: "pair", expected: "one of \(pool.pairNames)", got: pairName.debugDescription)
        }
        var parameters = try EffectiveParameters(
            job.params, strategy: job.strategy, pairTau: pool.pair(named: pairName)?.defaultTau)
        if let target = parameters.target {
            let request = ThresholdRequest(
                pair: pairName, slmFingerprint: pair.slm.identity.fingerprint, template: target.template,
                task: target.task, rate: target.rate)
            let tau = try await queue.pinThreshold(job.lease, request, hasSteps: !rows.isEmpty)
            if let tau { try parameters.add("calibrated_tau", tau) }
        }
        let specification = try JobSpecification(
            prompt: job.prompt, messages: job.messages, strategy: job.strategy, parameters: parameters.json,
            seed: Int64(bitPattern: job.seed))
        let resumed = try rows.map { row in
            var record = try StepRecord(row)
            // The column cannot hold every character; the tokens can.
            record.text = pair[record.owner].vocabulary.text(of: record.tokens)
            return record
        }
        held.resume(from: resumed)
        let session = try ReasoningSession(
            specification: specification, pair: pair,
            sequences: SessionSequences(session: sessionNumber.add(1, ordering: .relaxed).newValue), resuming: resumed)
        let outcome = try await session.run { [traces, methods] record in
            methods.count(record)
            for row in held.append(record) { try await traces.append(row) }
        }
        var finished = try result(of: job, specification, pair, outcome, output: held.text)
        if let reference = job.referenceAnswer {
            let grade = try await grade(outcome.answer, reference, by: specification.settings.grader)
            finished.answer = grade.extracted
            finished.correct = grade.isCorrect
            if let reason = grade.reason {
                try parameters.add("grade_reason", reason)
                logger.warning("no grade", metadata: ["job": "\(job.lease.job)", "reason": "\(reason)"])
            }
        }
        finished.params = parameters.json
        finished.strategyParams = parameters.variant
        return finished
    }

    private func result(
        of job: ClaimedJob, _ specification: JobSpecification, _ pair: ModelPair, _ outcome: SessionOutcome,
        output: String
    ) throws -> FinishedJob {
        var result = FinishedJob(
            job.lease, output: output, finishReason: outcome.answerFinish.rawValue,
            pair: pair.name, engineVersion: Product.version)
        result.activeNanoseconds =
            outcome.slm.work.activeNanoseconds + outcome.llm.work.activeNanoseconds
            + outcome.review.activeNanoseconds
        result.slmParameters = pair.slm.identity.parameterCount
        result.llmParameters = pair.llm.identity.parameterCount
        result.promptTokens = try pair.llm.promptTokens(for: specification.conversation).count
        result.steps = outcome.slm.steps + outcome.llm.steps
        result.llmSteps = outcome.llm.steps
        result.slmTokens = outcome.slm.keptTokens
        result.llmTokens = outcome.llm.keptTokens
        result.slmDiscardedTokens = outcome.slm.discardedTokens
        result.llmDiscardedTokens = outcome.llm.discardedTokens
        result.probeTokens = outcome.slm.probes
        result.slmPrefillTokens = outcome.slm.work.prefillTokens
        // Without a judge or scorer of its own it is the large model that reads drafts.
        let reviewed = pair.judge == nil && pair.scorer == nil ? outcome.review.prefillTokens : 0
        result.llmPrefillTokens = outcome.llm.work.prefillTokens + reviewed
        result.thinkingStop = outcome.thinkingStop.rawValue
        result.slmModel = pair.slm.identity.name
        result.llmModel = pair.llm.identity.name
        result.slmFingerprint = pair.slm.identity.fingerprint
        result.llmFingerprint = pair.llm.identity.fingerprint
        result.answer = outcome.answer
        return result
    }

    private func grade(_ answer: String, _ reference: String, by grader: Grader) async throws -> Grade {
        let grade = grader.grade(answer: answer, reference: reference)
        guard case .code = grader, let codeGrader else { return grade }
        return try await codeGrader.grade(code: grade.extracted, reference: reference)
    }
}
