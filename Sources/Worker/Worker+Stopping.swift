import Logging
import Queue
import Synchronization

extension Worker {
    /// Lets the jobs in flight end within the grace time, then hands back the rest. What the database does not take
    /// within a further while is not waited for: results go to the spool, and the lease does the rest.
    func finishInFlight(_ sessions: DiscardingTaskGroup, logger: Logger) async {
        await waitForEnd(atMost: configuration.drainGrace) { [self] in
            stopping.withLock { $0 == .handingBack } || Task.isCancelled
        }
        let left = await table.count
        guard left > 0 else { return }
        logger.notice("handing back jobs in flight", metadata: ["jobs": "\(left)"])
        await table.stopAll(.handBack)
        await waitForEnd(atMost: configuration.lastWords) { false }
        sessions.cancelAll()
        await finisher.giveUp()
    }

    private func waitForEnd(atMost limit: Duration, unless isUrgent: () -> Bool) async {
        let deadline = ContinuousClock.now + limit
        while await table.count > 0, !isUrgent(), ContinuousClock.now < deadline {
            await pause(min(deadline - .now, .milliseconds(500)))
        }
    }

    /// Ends the registration.
    func farewell(_ identity: WorkerIdentity, logger: Logger) async {
        do {
            try await lastWords { [queue] in try await queue.leave(worker: identity.id) }
        } catch {
            logger.warning("the database did not hear that the worker left", metadata: ["error": "\(error)"])
        }
    }

    /// Runs something that must be said even now that the task may be cancelled, but not for ever.
    func lastWords(_ operation: @escaping @Sendable () async throws -> Void) async throws {
        let speech = Task { try await operation() }
        let limit = Task { [configuration] in
            try await Task.sleep(for: configuration.lastWords)
            speech.cancel()
        }
        defer { limit.cancel() }
        try await speech.value
    }
}
