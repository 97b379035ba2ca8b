import Engine
import Logging
import Queue
import Synchronization

extension Worker {
    /// How long a stop waits for the answer to a claim.
    private static let patience = Duration.seconds(2)

    /// Delivers what an earlier run has left, then fills free slots until told to stop, then waits for the jobs in
    /// flight.
    func work(_ identity: WorkerIdentity, _ delivery: ResultDelivery, logger: Logger) async {
        await untilStop { await Self.deliverLeftovers(delivery) }
        let closer = JobCloser(
            queue: queue, traces: traces, delivery: delivery, table: table, tally: tally, identity: identity,
            lastWords: { [self] in try await lastWords($0) })
        await withDiscardingTaskGroup { sessions in
            while true {
                let version = await table.version  // before the look, so that a stop after it is not missed
                if isStopping || Task.isCancelled { break }
                let free = configuration.slots - (await table.count)
                guard let wanted = pacing.withLock({ $0.request(free: free) }) else {
                    await table.change(since: version)
                    continue
                }
                guard identity.mayStartWork else {  // no word from the database: begin nothing
                    await pause(.milliseconds(200))
                    continue
                }
                let jobs = await untilStop { [self] in await claim(wanted, identity, logger: logger) }
                for (job, rows) in jobs ?? [] {
                    sessions.addTask { [self] in await carryOut(job, resuming: rows, closer, logger: logger) }
                }
                let delay = pacing.withLock { pacing in
                    jobs.map { pacing.answered(requested: wanted, received: $0.count, jitter: .random(in: 0..<1)) }
                        ?? pacing.timedOut(requested: wanted, jitter: .random(in: 0..<1))
                }
                if let jobs, jobs.isEmpty, configuration.stopsWhenIdle,
                    await untilStop({ [self] in await isIdle(logger: logger) })
                {
                    break
                }
                if delay > .zero { await pause(delay) }
            }
            await finishInFlight(sessions, logger: logger)
        }
    }

    private static func deliverLeftovers(_ delivery: ResultDelivery) async {
        do {
            try await delivery.spool?.deliverLeftovers(of: delivery.database) { try await delivery.redeliver($0) }
        } catch {
            delivery.logger.error(
                "results of an earlier run stay in the spool until the next start", metadata: ["error": "\(error)"])
        }
    }

    /// Asks for jobs; `nil` if that took too long.
    private func claim(
        _ limit: Int, _ identity: WorkerIdentity, logger: Logger
    ) async -> [(HeldJob, [TraceRow])]? {
        identity.beginClaim()
        defer { identity.endClaim() }
        tally.change { $0.claims += 1 }
        var held: [HeldJob] = []
        do {
            let worker = identity.id
            let start = ContinuousClock.now
            let jobs = try await queue.claim(
                worker: worker, limit: limit, queues: configuration.queues, pairs: pool.pairNames)
            tally.activity.claimed(jobs.count, since: start)
            held = jobs.map { HeldJob($0) }
            for job in held { await table.hold(job) }
            tally.change { $0.claimed += held.count }
            let resumable = jobs.filter(\.mayResume).map(\.lease)
            let steps = try await queue.loadResume(resumable, worker: worker)
            return held.map { ($0, steps[$0.claim.lease] ?? []) }
        } catch QueueError.claimTimedOut {
            tally.change { $0.claimTimeouts += 1 }
            logger.warning("a claim took too long, asking for fewer jobs", metadata: ["jobs": "\(limit)"])
            return nil
        } catch {
            // A lost lease is mended by the heartbeat; jobs that were claimed all the same show up there as orphans.
            for job in held { await table.end(job) }
            if Task.isCancelled { return [] }
            tally.activity.claimFailed()
            logger.warning("claim failed", metadata: ["error": "\(error)"])
            await pause(.seconds(1))
            return []
        }
    }

    private func carryOut(
        _ job: HeldJob, resuming rows: [TraceRow], _ closer: JobCloser, logger: Logger
    ) async {
        var logger = logger
        logger[metadataKey: "job"] = "\(job.claim.lease.job)"
        logger[metadataKey: "queue"] = "\(job.claim.queue)"
        logger[metadataKey: "batch"] = job.claim.batchID.map { "\($0)" }
        let start = ContinuousClock.now
        defer { tally.activity.ended(since: start) }
        let session = Task { [runner] in await runner.run(job, resuming: rows) }
        await table.start(job, session)
        if job.claim.cancelRequested { await table.stop(job.lease, .cancelRequested) }
        await closer.close(job, await session.value, logger: logger)
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

    /// Ends the wait before the next claim: somebody says that there is work.
    func lookForWork() async {
        // A fleet that is woken at once need not ask in the same millisecond.
        try? await Task.sleep(for: .milliseconds(.random(in: 0..<50)))
        pacing.withLock { $0.wake() }
        await table.wake()
    }

    /// Sleeps, unless a stop is asked for or a job ends meanwhile. The end of this task does not cut it short.
    func pause(_ duration: Duration) async {
        let version = await table.version
        let timer = Task { [table] in
            try await Task.sleep(for: duration)
            await table.wake()
        }
        await table.change(since: version)
        timer.cancel()
    }
}
