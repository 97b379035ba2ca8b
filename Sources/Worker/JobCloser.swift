import Logging
import Postgres
import Queue

/// Tells the database how jobs ended.
struct JobCloser: Sendable {
    let queue: QueueClient
    let traces: TraceWriter
    let delivery: ResultDelivery
    let table: SessionTable
    let tally: WorkerTally
    let identity: WorkerIdentity
    /// Runs something that must be said even while the worker stops, but not for ever.
    let lastWords: @Sendable (@escaping @Sendable () async throws -> Void) async throws -> Void

    /// Settles a job whose session has ended.
    func close(_ job: HeldJob, _ end: JobEnd, logger: Logger) async {
        await table.settle(job)
        let lease = job.lease
        var logger = logger
        logger[metadataKey: "epoch"] = "\(lease.epoch)"
        logger[metadataKey: "worker"] = "\(identity.id)"  // a lost lease has given it a new number meanwhile
        do {
            switch end {
            case .finished(let result): try await store(result, of: job, logger: logger)
            case .failed(let error, let message): try await fail(job, error, message: message, logger: logger)
            case .stopped: try await settleStopped(job, logger: logger)
            }
        } catch {
            tally.change { $0.unconfirmed += 1 }
            logger.error("the job's end could not be stored; it goes back", metadata: ["error": "\(error)"])
        }
        await table.end(job)
    }

    private func store(_ finished: FinishedJob, of job: HeldJob, logger: Logger) async throws {
        for row in job.rowsToWrite() { try await traces.append(row) }
        let progress = job.progress
        var result = finished
        result.epoch = job.lease.epoch
        result.stepsWritten = progress.stepsWritten
        result.attemptTokens = progress.tokens
        result.traceRows = job.stepCount
        do {
            switch try await delivery.deliver(result, rows: job.ownRows) {
            case .answered(let verdict): note(verdict, result, logger: logger)
            case .spooled: tally.change { $0.spooled += 1 }
            }
        } catch let error as PostgresError where !error.needsReconnect && !error.isRetryable {
            if case .cancelled = error { throw error }
            // It would be refused again and again: the attempt pays, so that the job comes to an end.
            try await fail(
                job, .modelTransient, message: "the database refused the result: \(error)", logger: logger)
        }
    }

    private func note(_ verdict: QueueClient.Verdict, _ result: FinishedJob, logger: Logger) {
        tally.count(verdict)
        if verdict == .stale || verdict == .untraced {
            logger.notice("result dropped: the job was taken over or cancelled")
        } else {
            logger.debug("job done", metadata: ["steps": "\(result.steps)", "llm_steps": "\(result.llmSteps)"])
        }
    }

    private func fail(_ job: HeldJob, _ error: FailureClass, message: String, logger: Logger) async throws {
        let decision = RetryPolicy().decide(
            error: error, attempt: job.claim.attempt, maximumAttempts: job.claim.maximumAttempts,
            random: .random(in: 0..<1))
        try await writeTrace(of: job)
        let progress = job.progress
        let states = try await queue.fail([
            FailedJob(
                job.lease, error: error, message: message, decision: decision, stepsWritten: progress.stepsWritten,
                tokens: progress.tokens)
        ])
        tally.change { $0.failed += 1 }
        tally.activity.failed(error)
        logger.warning(
            "attempt failed",
            metadata: [
                "class": "\(error.rawValue)", "error": "\(message)",
                "state": "\(states[job.lease.job] ?? "taken over")",
            ])
    }

    /// What becomes of a job whose session was stopped.
    private func settleStopped(_ job: HeldJob, logger: Logger) async throws {
        switch await table.cause(of: job) {
        case .lost: tally.change { $0.lost += 1 }
        case .cancelRequested:
            try await writeTrace(of: job)
            let progress = job.progress
            _ = try await queue.fail([
                .cancelled(job.lease, stepsWritten: progress.stepsWritten, tokens: progress.tokens)
            ])
            tally.change { $0.cancelled += 1 }
            logger.info("job cancelled on request")
        case .overdue:
            tally.change { $0.overdue += 1 }
            try await fail(job, .deadline, message: "past its deadline", logger: logger)
        case .handBack, nil:
            try await lastWords { [self] in
                try await writeTrace(of: job)
                try await queue.release(
                    [ReleasedJob(job.lease, stepsWritten: job.progress.stepsWritten)], worker: identity.id)
            }
            tally.change { $0.handedBack += 1 }
        }
    }

    private func writeTrace(of job: HeldJob) async throws {
        for row in job.rowsToWrite() { try await traces.append(row) }
        try await traces.flush(job.lease.job)
    }
}
