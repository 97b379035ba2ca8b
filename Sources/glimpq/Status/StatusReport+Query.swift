import FoundationEssentials
import Postgres
import Queue

extension StatusReport {
    /// Reads the state.
    ///
    /// - Parameter limit: Most batches, the latest.
    /// - Throws: `PostgresError`.
    static func read(_ reader: QueueReader, limit: Int) async throws -> StatusReport {
        let now = Date().timeIntervalSince1970
        return StatusReport(
            queues: try await reader.depths().filter {
                $0.isPaused || $0.ready + $0.delayed + $0.held + $0.running > 0
            }.map(Queue.init),
            batches: try await reader.progress(newest: limit).reversed().map(Batch.init),
            workers: try await reader.workers().filter { $0.state != "gone" }.map { Worker($0, now: now) },
            warnings: try await reader.unserved().map { unserved in
                let pair = unserved.pair.map { " for pair \($0)" } ?? ""
                return
                    "\(Figures.grouped(unserved.count)) ready jobs in queue \(unserved.queue)\(pair): \(unserved.reason)"
            })
    }
}

extension StatusReport.Queue {
    fileprivate init(_ depth: QueueDepth) {
        self.init(
            name: depth.queue, isPaused: depth.isPaused, ready: depth.ready, delayed: depth.delayed, held: depth.held,
            running: depth.running, oldestSeconds: depth.oldestReadySeconds)
    }
}

extension StatusReport.Batch {
    fileprivate init(_ progress: BatchProgress) {
        self.init(
            name: progress.batch, total: progress.total, done: progress.done,
            failed: progress.failed + progress.quarantined, cancelled: progress.cancelled, running: progress.running,
            perMinute: progress.perMinute, secondsToGo: progress.remainingSeconds,
            accuracy: progress.graded > 0 ? Double(progress.correct) / Double(progress.graded) : nil)
    }
}

extension StatusReport.Worker {
    /// - Parameter now: Seconds since 1970 on this machine; the age of a beat is off by what the clocks differ.
    fileprivate init(_ worker: WorkerStatus, now: Double) {
        self.init(
            id: worker.id, state: worker.state, place: "\(worker.host):\(worker.processID)", version: worker.version,
            inFlight: worker.running, capacity: worker.capacity, beatSeconds: max(0, now - worker.beatAt.seconds))
    }
}
