import Foundation
import Logging
import Postgres
import Queue
import Worker

/// A worker without models: claims jobs through the client that every worker uses and finishes them with empty results.
struct BenchWorker {
    /// One client for each connection that claims.
    let clients: [QueueClient]
    /// The worker's number, the same on all connections.
    let id: Int64

    /// Registers a worker.
    init(_ options: ConnectionOptions, connections: Int, capacity: Int) async throws {
        clients = (0..<connections).map { _ in QueueClient(options, logger: SharedOptions.quietLogger) }
        id = try await clients[0].register(
            WorkerRegistration(
                host: ProcessInfo.processInfo.hostName, processID: ProcessInfo.processInfo.processIdentifier,
                version: Product.version, capacity: capacity, queues: [ScratchDatabase.batch],
                pairs: [ScratchDatabase.pair]),
            attempts: 1
        ).id
    }

    /// Claims jobs of the bench.
    func claim(_ limit: Int, on client: Int) async throws -> [ClaimedJob] {
        try await clients[client].claim(
            worker: id, limit: limit, queues: [ScratchDatabase.batch], pairs: [ScratchDatabase.pair])
    }

    /// Finishes jobs with empty results.
    ///
    /// - Throws: ``CommandFailure`` if the database did not accept all of them.
    func finish(_ jobs: [ClaimedJob], on client: Int) async throws {
        let verdicts = try await clients[client].finish(
            jobs.map {
                FinishedJob(
                    $0.lease, output: "", finishReason: "end_of_text", pair: ScratchDatabase.pair,
                    engineVersion: Product.version)
            })
        guard verdicts.values.count(where: { $0 == .accepted }) == jobs.count else {
            throw CommandFailure(
                .failed, "of \(jobs.count) results not all were accepted; does another program use this database?")
        }
    }

    /// Renews the lease until the task is cancelled.
    func beat() async throws {
        while true {
            try await Task.sleep(for: .seconds(5))
            guard try await clients[0].beat(worker: id, inFlight: 0) != nil else {
                throw QueueError.workerLost(worker: id)
            }
        }
    }

    /// Runs something while the lease is renewed, then leaves.
    func whileAlive<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let value = try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                try await beat()
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let value = first else { throw CancellationError() }
            return value
        }
        try await clients[0].leave(worker: id)
        for client in clients { await client.close() }
        return value
    }
}
