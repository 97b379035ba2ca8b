import Queue
import TestSupport

/// Workers that claim side by side.
enum Claimers {
    /// Lets new workers claim until each has met an empty answer; gives back the jobs they got, with repetitions.
    static func drain(_ queue: QueueFixture, claimers: Int, limit: Int) async throws -> [Int64] {
        try await each(claimers, queue) { client, worker in
            var mine: [Int64] = []
            while true {
                let jobs = try await client.claim(worker: worker, limit: limit, queues: ["default"], pairs: ["demo"])
                if jobs.isEmpty { return mine }
                mine += jobs.map(\.lease.job)
            }
        }
    }

    /// Runs something in several workers at once, each with connections of its own.
    static func each<Element: Sendable>(
        _ count: Int, _ queue: QueueFixture, _ work: @escaping @Sendable (QueueClient, Int64) async throws -> [Element]
    ) async throws -> [Element] {
        try await withThrowingTaskGroup(of: [Element].self) { group in
            for _ in 0..<count {
                group.addTask {
                    let client = QueueClient(queue.database.options, logger: QueueFixture.logger)
                    let worker = try await client.register(
                        WorkerRegistration(host: "t", processID: 1, version: "t", capacity: 9, pairs: ["demo"]))
                    let result = try await work(client, worker.id)
                    await client.close()
                    return result
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
