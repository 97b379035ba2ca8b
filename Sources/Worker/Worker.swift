public import Engine
public import Logging
public import Postgres
import Queue
import Synchronization

/// A worker process's life: registers, claims jobs into free slots, runs them all at once on one pool of models,
/// stores traces and results, and stops in order.
public final class Worker: Sendable {
    /// How a stop was asked for.
    private enum Stopping: Int, Comparable {
        case no, draining, handingBack

        static func < (a: Stopping, b: Stopping) -> Bool { a.rawValue < b.rawValue }
    }

    /// How long a stop waits for the answer to a claim.
    private static let patience = Duration.seconds(2)

    /// How long storing may take once the worker has been told to stop; then the lease does the rest.
    private static let lastWords = Duration.seconds(10)

    private let configuration: WorkerConfiguration
    private let pool: ModelPool
    private let queue: QueueClient
    private let traces: TraceWriter
    private let finisher: Finisher
    private let runner: JobRunner
    private let registration: WorkerRegistration
    private let logger: Logger
    private let table = SessionTable()
    private let stopping = Mutex(Stopping.no)
    /// Withdraws what the claim loop asks the database; a stop does not wait for the answer.
    private let asking = Mutex<(@Sendable () -> Void)?>(nil)
    private let tally = Mutex(WorkerSummary())

    /// Creates a worker; nothing happens before ``run()``.
    public init(
        _ configuration: WorkerConfiguration, pool: ModelPool, database: ConnectionOptions, host: String,
        processID: Int32, logger: Logger
    ) {
        precondition(configuration.slots > 0 && !configuration.queues.isEmpty)
        self.configuration = configuration
        self.pool = pool
        self.logger = logger
        queue = QueueClient(database, logger: logger)
        // Steps are stored soon after they are done: what is not stored is computed again after a crash.
        traces = TraceWriter(database, limits: TraceWriter.Limits(interval: .milliseconds(100)), logger: logger)
        finisher = Finisher(queue)
        runner = JobRunner(pool: pool, traces: traces)
        registration = WorkerRegistration(
            host: host, processID: processID, version: Product.version, capacity: configuration.slots,
            queues: configuration.queues, pairs: pool.pairNames)
    }

    /// What the worker has done so far.
    public var summary: WorkerSummary { tally.withLock { $0 } }

    /// Number of jobs in flight.
    public var inFlight: Int { get async { await table.count } }

    /// Asks the worker to claim nothing more, to finish what it can within the grace time and to hand back the rest.
    public func drain() async { await stop(.draining) }

    /// Asks the worker to hand back everything now. Finished steps are kept; another worker goes on from them.
    public func handBack() async { await stop(.handingBack) }

    private func stop(_ how: Stopping) async {
        stopping.withLock { $0 = max($0, how) }
        asking.withLock { $0 }?()
        await table.wake()
    }

    private var isStopping: Bool { stopping.withLock { $0 > .no } }

    /// Works until it is told to stop or, if so configured, until there is nothing left to do.
    ///
    /// - Returns: What it did.
    /// - Throws: `QueueError` and `PostgresError` if it cannot start.
    public func run() async throws -> WorkerSummary {
        let started = ContinuousClock.now
        let registered = try await queue.register(registration, attempts: 5)
        let identity = WorkerIdentity(registered)
        // Several renewals fit into a lease, however short it is set.
        let sixth = registered.timeToLive / 6
        var logger = logger
        logger[metadataKey: "worker"] = "\(identity.id)"
        logger.info("worker registered", metadata: ["slots": "\(configuration.slots)", "pairs": "\(pool.pairNames)"])
        let heartbeat = Heartbeat(
            queue: queue, identity: identity, registration: registration, table: table,
            interval: min(configuration.beatInterval, sixth), isDraining: { [self] in isStopping },
            stats: { [pool] in WorkerStats(pool.metrics).json }, logger: logger)
        let sweeper = Sweeper(
            queue: queue, identity: identity, interval: min(configuration.sweepInterval, sixth), logger: logger)

        await withTaskGroup { loops in
            loops.addTask { try? await heartbeat.run() }
            loops.addTask { try? await sweeper.run() }
            loops.addTask { [traces] in try? await traces.run() }
            await work(identity, logger: logger)
            loops.cancelAll()
        }
        await lastWords("leave") { [queue] in try await queue.leave(worker: identity.id) }
        await traces.close()
        await queue.close()
        return tally.withLock { summary in
            summary.seconds = (ContinuousClock.now - started) / .seconds(1)
            summary.models = pool.metrics
            summary.plannedBytes = pool.plan.bytes
            summary.peakBytes = ResidentMemory.peak
            return summary
        }
    }

    // MARK: Claiming

    /// Fills free slots until told to stop, then waits for the jobs in flight.
    private func work(_ identity: WorkerIdentity, logger: Logger) async {
        await withDiscardingTaskGroup { sessions in
            var pacing = ClaimPacing(slots: configuration.slots, delay: configuration.pollDelay)
            while true {
                let version = await table.version  // before the look, so that a stop after it is not missed
                if isStopping || Task.isCancelled { break }
                guard let wanted = pacing.request(free: configuration.slots - (await table.count)) else {
                    await table.change(since: version)
                    continue
                }
                guard identity.mayStartWork else {  // no word from the database: begin nothing
                    await pause(.milliseconds(200))
                    continue
                }
                let jobs = await untilStop { [self] in await claim(wanted, identity, logger: logger) }
                for (job, rows) in jobs {
                    sessions.addTask { [self] in await carryOut(job, resuming: rows, identity, logger: logger) }
                }
                let delay = pacing.answered(
                    requested: wanted, received: jobs.count, jitter: .random(in: 0..<1))
                if jobs.isEmpty, configuration.stopsWhenIdle,
                    await untilStop({ [self] in await isIdle(logger: logger) })
                {
                    break
                }
                if delay > .zero { await pause(delay) }
            }
            await finishInFlight(sessions, logger: logger)
        }
    }

    private func claim(
        _ limit: Int, _ identity: WorkerIdentity, logger: Logger
    ) async -> [(ClaimedJob, [TraceRow])] {
        identity.beginClaim()
        defer { identity.endClaim() }
        var held: [JobLease] = []
        do {
            let worker = identity.id
            let jobs = try await queue.claim(
                worker: worker, limit: limit, queues: configuration.queues, pairs: pool.pairNames)
            held = jobs.map(\.lease)
            for lease in held { await table.hold(lease) }
            let resumable = jobs.filter(\.mayResume).map(\.lease)
            let steps = try await queue.loadResume(resumable, worker: worker)
            return jobs.map { ($0, steps[$0.lease] ?? []) }
        } catch {
            // A lost lease is mended by the heartbeat; jobs that were claimed all the same show up there as orphans.
            for lease in held { await table.end(lease) }
            if Task.isCancelled { return [] }
            logger.warning("claim failed", metadata: ["error": "\(error)"])
            await pause(.seconds(1))
            return []
        }
    }

    /// Runs a question to the database that a stop cancels, if the answer does not come soon.
    private func untilStop<Answer: Sendable>(_ ask: @escaping @Sendable () async -> Answer) async -> Answer {
        let question = Task { await ask() }
        let withdraw: @Sendable () -> Void = {
            // An answer that is on its way is worth a moment: jobs of a claim cut off go back only by a sweep.
            Task {
                try await Task.sleep(for: Self.patience)
                question.cancel()
            }
        }
        asking.withLock { $0 = withdraw }
        if isStopping { withdraw() }
        return await question.value
    }

    private func isIdle(logger: Logger) async -> Bool {
        guard await table.count == 0 else { return false }
        do {
            return try await !queue.hasOpenJobs(queues: configuration.queues, pairs: pool.pairNames)
        } catch {
            logger.error("cannot tell whether work is left", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Sleeps, unless a stop is asked for or a job ends meanwhile. The end of this task does not cut it short.
    private func pause(_ duration: Duration) async {
        let version = await table.version
        let timer = Task { [table] in
            try await Task.sleep(for: duration)
            await table.wake()
        }
        await table.change(since: version)
        timer.cancel()
    }

    // MARK: Stopping

    /// Lets the jobs in flight end within the grace time, then hands back the rest. What the database does not take
    /// within a further while is not waited for: the lease does the rest.
    private func finishInFlight(_ sessions: DiscardingTaskGroup, logger: Logger) async {
        await waitForEnd(atMost: configuration.drainGrace) { [self] in
            stopping.withLock { $0 == .handingBack } || Task.isCancelled
        }
        let left = await table.count
        guard left > 0 else { return }
        logger.notice("handing back jobs in flight", metadata: ["jobs": "\(left)"])
        await table.stopAll(.handBack)
        await waitForEnd(atMost: Self.lastWords) { false }
        sessions.cancelAll()
        await finisher.giveUp()
    }

    private func waitForEnd(atMost limit: Duration, unless isUrgent: () -> Bool) async {
        let deadline = ContinuousClock.now + limit
        while await table.count > 0, !isUrgent(), ContinuousClock.now < deadline {
            await pause(min(deadline - .now, .milliseconds(500)))
        }
    }

    /// Runs something that must be said even now that the task may be cancelled, but not for ever.
    private func lastWords(_ what: String, _ operation: @escaping @Sendable () async throws -> Void) async {
        let speech = Task { try await operation() }
        let limit = Task {
            try await Task.sleep(for: Self.lastWords)
            speech.cancel()
        }
        do {
            try await speech.value
        } catch {
            logger.warning(
                "the database did not hear the last words; the lease will do",
                metadata: ["what": "\(what)", "error": "\(error)"])
        }
        limit.cancel()
    }

    // MARK: One job

    private func carryOut(
        _ job: ClaimedJob, resuming rows: [TraceRow], _ identity: WorkerIdentity, logger: Logger
    ) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.lease.job)"
        logger[metadataKey: "epoch"] = "\(job.lease.epoch)"
        let session = Task { [runner] in await runner.run(job, resuming: rows) }
        await table.start(job.lease, session)
        if job.cancelRequested { await table.stop(job.lease, .cancelRequested) }
        let end = await session.value
        do {
            switch end {
            case .finished(let result): try await store(result, logger: logger)
            case .failed(let error, let message, let progress):
                try await fail(job, error, message: message, progress, logger: logger)
            case .stopped(let progress): try await settle(job, progress, identity, logger: logger)
            }
        } catch {
            logger.error("the job's end could not be stored; it goes back", metadata: ["error": "\(error)"])
        }
        await table.end(job.lease)
    }

    private func store(_ result: FinishedJob, logger: Logger) async throws {
        switch try await finisher.finish(result) {
        case .accepted, .duplicate:
            tally.withLock { $0.done += 1 }
            logger.debug("job done", metadata: ["steps": "\(result.steps)", "llm_steps": "\(result.llmSteps)"])
        case .stale:
            tally.withLock { $0.lost += 1 }
            logger.notice("result dropped: the job was taken over or cancelled")
        }
    }

    private func fail(
        _ job: ClaimedJob, _ error: FailureClass, message: String, _ progress: JobEnd.Progress, logger: Logger
    ) async throws {
        let decision = RetryPolicy().decide(
            error: error, attempt: job.attempt, maximumAttempts: job.maximumAttempts, random: .random(in: 0..<1))
        try await traces.flush(job.lease.job)
        let states = try await queue.fail([
            FailedJob(
                job.lease, error: error, message: message, decision: decision, stepsWritten: progress.stepsWritten,
                tokens: progress.tokens)
        ])
        tally.withLock { $0.failed += 1 }
        logger.warning(
            "attempt failed",
            metadata: [
                "class": "\(error.rawValue)", "error": "\(message)",
                "state": "\(states[job.lease.job] ?? "taken over")",
            ])
    }

    /// What becomes of a job whose session was stopped.
    private func settle(
        _ job: ClaimedJob, _ progress: JobEnd.Progress, _ identity: WorkerIdentity, logger: Logger
    ) async throws {
        switch await table.cause(job.lease) {
        case .lost: tally.withLock { $0.lost += 1 }
        case .cancelRequested:
            try await traces.flush(job.lease.job)
            _ = try await queue.fail([
                .cancelled(job.lease, stepsWritten: progress.stepsWritten, tokens: progress.tokens)
            ])
            tally.withLock { $0.cancelled += 1 }
            logger.info("job cancelled on request")
        case .overdue:
            try await fail(job, .deadline, message: "past its deadline", progress, logger: logger)
        case .handBack, nil:
            await lastWords("release") { [traces, queue] in
                try await traces.flush(job.lease.job)
                try await queue.release(
                    [ReleasedJob(job.lease, stepsWritten: progress.stepsWritten)], worker: identity.id)
            }
            tally.withLock { $0.handedBack += 1 }
        }
    }
}
