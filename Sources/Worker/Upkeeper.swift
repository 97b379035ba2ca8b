import Logging
import Postgres
import Queue

/// Does a piece of the database's upkeep now and then. The database says whether any is due, so that a large fleet does
/// no more of it than a small one.
struct Upkeeper: Sendable {
    private let upkeep: QueueUpkeep
    private let identity: WorkerIdentity
    private let interval: Duration
    private let logger: Logger

    init(
        database: ConnectionOptions, identity: WorkerIdentity, interval: Duration = .seconds(60), logger: Logger
    ) {
        upkeep = QueueUpkeep(database, logger: logger)
        self.identity = identity
        self.interval = interval
        self.logger = logger
    }

    /// Runs until the task is cancelled. An error is for the next time to overcome.
    ///
    /// The first time comes soon: workers that only ever run for a short while would otherwise never take the entropies
    /// of those before them.
    func run() async throws {
        var wait = min(interval, .seconds(1))
        while true {
            try await Task.sleep(for: wait * Double.random(in: 0.5..<1.5))
            wait = interval
            guard identity.mayStartWork else { continue }
            do {
                try await keepUp()
                while try await upkeep.gatherEntropies() { try await Task.sleep(for: .milliseconds(200)) }
            } catch let error where !(error is CancellationError) {
                logger.warning("upkeep failed, will try again", metadata: ["error": "\(error)"])
            }
            await upkeep.close()  // between two times the connection is of more use to others
        }
    }

    private func keepUp() async throws {
        while true {
            let report = try await upkeep.run()
            if report.hasDeleted {
                logger.info(
                    "deleted what is too old",
                    metadata: [
                        "jobs": "\(report.jobs)", "trace_rows": "\(report.steps)",
                        "partitions": "\(report.partitionsDropped)", "worker_rows": "\(report.workers)",
                    ])
            }
            guard report.hasMore else { return }
            try await Task.sleep(for: .milliseconds(200))  // leaves the disk to others half of the time
        }
    }
}
