import Logging
import Queue

/// Looks after everybody's queue now and then: jobs of lost workers, delayed jobs, partitions.
struct Sweeper: Sendable {
    let queue: QueueClient
    let identity: WorkerIdentity
    let interval: Duration
    let logger: Logger

    /// Sweeps until the task is cancelled. An error is for the next sweep to overcome.
    func run() async throws {
        while true {
            do {
                guard identity.maySweep else {
                    try await Task.sleep(for: interval)
                    continue
                }
                let report = try await queue.sweep()
                if report.workersLost > 0 || report.requeued > 0 || report.quarantined > 0 || report.failed > 0 {
                    logger.notice(
                        "rescued jobs of lost workers",
                        metadata: [
                            "workers_lost": "\(report.workersLost)", "requeued": "\(report.requeued)",
                            "failed": "\(report.failed)", "quarantined": "\(report.quarantined)",
                        ])
                }
            } catch let error where !(error is CancellationError) {
                logger.error("sweep failed, will try again", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: interval * Double.random(in: 0.7..<1.3))
        }
    }
}
