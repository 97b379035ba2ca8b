import Metrics
import Queue
import Synchronization

/// What a worker's dealings with the queue took and how they ended, counted for metrics.
final class WorkerActivity: Sendable {
    /// The counts.
    struct Counts: Sendable {
        /// Round trips that asked for jobs.
        var claimDuration = Histogram.roundTrips
        /// Jobs that one claim brought.
        var claimSize = Histogram.batchSizes
        /// Round trips that stored results.
        var finishDuration = Histogram.roundTrips
        /// Results that one round trip stored.
        var finishSize = Histogram.batchSizes
        /// Time from claim to end of a job.
        var jobDuration = Histogram.jobs
        /// Claims that failed.
        var claimErrors = 0
        /// Failed attempts by class.
        var failures: [FailureClass: Int] = [:]
    }

    private let counts = Mutex(Counts())

    /// As they stand.
    var current: Counts { counts.withLock { $0 } }

    /// Counts a claim that was answered.
    func claimed(_ jobs: Int, since start: ContinuousClock.Instant) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        counts.withLock {
            $0.claimDuration.observe(seconds)
            $0.claimSize.observe(Double(jobs))
        }
    }

    /// Counts a claim that was not.
    func claimFailed() { counts.withLock { $0.claimErrors += 1 } }

    /// Counts results that the database has answered to.
    func finished(_ results: Int, since start: ContinuousClock.Instant) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        counts.withLock {
            $0.finishDuration.observe(seconds)
            $0.finishSize.observe(Double(results))
        }
    }

    /// Counts a failed attempt.
    func failed(_ error: FailureClass) { counts.withLock { $0.failures[error, default: 0] += 1 } }

    /// Counts a job that has ended in whatever way.
    func ended(since start: ContinuousClock.Instant) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        counts.withLock { $0.jobDuration.observe(seconds) }
    }
}
