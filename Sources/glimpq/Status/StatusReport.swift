/// The state of queues, batches and workers at one moment.
struct StatusReport {
    /// Jobs of a queue.
    struct Queue {
        var name: String
        var isPaused: Bool
        var ready: Int
        var delayed: Int
        var held: Int
        var running: Int
        /// Age of the oldest ready job in seconds.
        var oldestSeconds: Double?
    }

    /// A batch.
    struct Batch {
        var name: String
        var total: Int
        var done: Int
        var failed: Int
        var cancelled: Int
        var running: Int
        /// Jobs finished per minute, over the last five.
        var perMinute: Double
        /// Time to go in seconds at that pace; `nil` if there is none.
        var secondsToGo: Double?
        /// Share of correct answers among graded ones.
        var accuracy: Double?

        /// Jobs that are not finished.
        var open: Int { total - done - failed - cancelled }
    }

    /// A worker process.
    struct Worker {
        var id: Int64
        /// `live`, `draining`, `expired` (its lease has run out) or `lost`.
        var state: String
        var place: String
        var version: String
        var inFlight: Int
        var capacity: Int
        /// Time since its last sign of life in seconds.
        var beatSeconds: Double
    }

    var queues: [Queue]
    var batches: [Batch]
    var workers: [Worker]
    /// What hinders jobs that could run.
    var warnings: [String]

    /// For people.
    func text(_ palette: Palette) -> String {
        var parts: [String] = []
        if queues.isEmpty {
            parts.append(palette.dim("no jobs are waiting or running"))
        } else {
            parts.append(queueTable.rendered(palette))
        }
        if !batches.isEmpty { parts.append(batchTable(palette).rendered(palette)) }
        parts.append(workers.isEmpty ? palette.dim("no workers") : workerTable.rendered(palette))
        if !warnings.isEmpty { parts.append(warnings.map { palette.large("warning: \($0)") }.joined(separator: "\n")) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var queueTable: TextTable {
        var table = TextTable([
            ("queue", .left), ("ready", .right), ("delayed", .right), ("held", .right), ("running", .right),
            ("oldest", .right), ("", .left),
        ])
        for queue in queues {
            table.append([
                queue.name, Figures.grouped(queue.ready), Figures.grouped(queue.delayed), Figures.grouped(queue.held),
                Figures.grouped(queue.running), queue.oldestSeconds.map(Figures.duration) ?? "–",
                queue.isPaused ? "paused" : "",
            ])
        }
        return table
    }

    private func batchTable(_ palette: Palette) -> TextTable {
        var table = TextTable([
            ("batch", .left), ("done", .right), ("of", .right), ("", .left), ("failed", .right), ("running", .right),
            ("per min", .right), ("to go", .right), ("correct", .right),
        ])
        for batch in batches {
            let share = batch.total > 0 ? Double(batch.total - batch.open) / Double(batch.total) : 0
            let filled = Int((share * 12).rounded(.down))
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 12 - filled)
            table.append([
                batch.name, Figures.grouped(batch.done), Figures.grouped(batch.total), bar,
                Figures.grouped(batch.failed), Figures.grouped(batch.running),
                Figures.grouped(Int(batch.perMinute.rounded())),
                batch.secondsToGo.map(Figures.duration) ?? (batch.open == 0 ? "–" : "?"),
                batch.accuracy.map { Figures.percent($0, 1) } ?? "–",
            ])
        }
        return table
    }

    private var workerTable: TextTable {
        var table = TextTable([
            ("worker", .right), ("state", .left), ("in flight", .right), ("last beat", .right), ("where", .left),
            ("version", .left),
        ])
        for worker in workers {
            table.append([
                "\(worker.id)", worker.state, "\(worker.inFlight)/\(worker.capacity)",
                Figures.duration(worker.beatSeconds), worker.place, worker.version,
            ])
        }
        return table
    }
}
