import Postgres
import Queue

/// Stores results in groups: while one statement is on its way, the next group gathers, so that the number of commits
/// does not grow with the number of jobs.
actor Finisher {
    private let queue: QueueClient
    private let activity: WorkerActivity
    private typealias Waiting = (
        job: FinishedJob, continuation: CheckedContinuation<QueueClient.Verdict, any Error>
    )

    private var waiting: [Waiting] = []
    private var storing: Task<Void, Never>?
    private var hasGivenUp = false

    init(_ queue: QueueClient, activity: WorkerActivity) {
        self.queue = queue
        self.activity = activity
    }

    /// Stores a result.
    ///
    /// - Returns: What became of it.
    /// - Throws: `PostgresError` if the database refuses it for good; `CancellationError` after ``giveUp()``.
    func finish(_ job: FinishedJob) async throws -> QueueClient.Verdict {
        if hasGivenUp { throw CancellationError() }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append((job, continuation))
            if storing == nil { storing = Task { await storeAll() } }
        }
    }

    private func storeAll() async {
        while !waiting.isEmpty {
            let group = waiting
            waiting = []
            await store(group)
        }
        storing = nil
    }

    /// Stops trying; whoever waits gets a `CancellationError`.
    func giveUp() {
        hasGivenUp = true
        storing?.cancel()
    }

    private func store(_ group: [Waiting]) async {
        do {
            let start = ContinuousClock.now
            let verdicts = try await queue.finish(group.map(\.job))
            activity.finished(group.count, since: start)
            for entry in group { entry.continuation.resume(returning: verdicts[entry.job.lease] ?? .stale) }
        } catch  where hasGivenUp {
            for entry in group { entry.continuation.resume(throwing: CancellationError()) }
        } catch let error as PostgresError where error.isRetryable || error.needsReconnect {
            waiting = group + waiting  // too busy for a while: again, after what has gathered meanwhile joined in
        } catch  where group.count > 1 {
            // One result that the database refuses must not take the others with it.
            for entry in group { await store([entry]) }
        } catch {
            for entry in group { entry.continuation.resume(throwing: error) }
        }
    }
}
