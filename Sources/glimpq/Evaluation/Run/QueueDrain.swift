import Foundation
import Queue

/// Sees a queue of an evaluation through: starts a worker unless others are to do the work, waits, and says how far it is.
struct QueueDrain {
    let store: EvaluationStore
    /// All queues of the evaluation: a worker on any of them would disturb what another one measures.
    let queues: [String]
    /// How to start workers; `nil` leaves the work to others.
    let worker: EvaluationWorker.Settings?
    let interruption: Interruption

    /// How often in a row a worker may end without having done anything.
    private static let mostStarts = 3

    /// Waits until a queue is empty.
    ///
    /// - Throws: ``CommandFailure`` if the worker cannot work; `CancellationError` if it was interrupted.
    func run(_ queue: String, inFlight: Int, what: String) async throws {
        var count = BacklogCount(store: store)
        let total = try await count.now(queue)
        if total == 0 { return }
        var meter = ProgressMeter(noun: what, isInteractive: Terminal.error.isInteractive)
        let start = ContinuousClock.now
        var child: EvaluationWorker?
        var starts = 0
        var openAtStart = total
        var isWarned = false
        do {
            while true {
                if interruption.isRequested { throw CancellationError() }
                let open = try await count.now(queue)
                if let text = meter.report(
                    count: total - open, fraction: Double(total - open) / Double(total),
                    elapsed: ContinuousClock.now - start)
                {
                    try ByteSink.standardError.write(text)
                }
                if let ended = child, let status = ended.status {
                    child = nil
                    if open == 0 { break }
                    if open < openAtStart { starts = 0 }
                    if status != 0 && status != 1 {
                        if starts >= Self.mostStarts { throw ended.failure(status) }
                        try ByteSink.standardError.write(line: "\(ended.failure(status)); starting another")
                    }
                }
                if child == nil {
                    if open == 0 { break }
                    let others = try await store.liveWorkers(queues: queues).filter(isAlive)
                    if let worker, others.isEmpty {
                        starts += 1
                        openAtStart = open
                        if starts > Self.mostStarts {
                            throw CommandFailure(
                                .failed, "\(open) jobs of queue \(queue) stay although workers ran; see `glimpq status`"
                            )
                        }
                        child = try EvaluationWorker(worker, queue: queue, inFlight: inFlight)
                    } else if !isWarned, worker != nil || !others.contains(where: { $0.queues.contains(queue) }) {
                        isWarned = true
                        try ByteSink.standardError.write(line: note(queue, inFlight: inFlight, others))
                    }
                }
                try await pause(child)
            }
        } catch {
            await child?.stop()
            try? ByteSink.standardError.write(meter.cleared)
            throw error
        }
        try ByteSink.standardError.write(meter.cleared)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try ByteSink.standardError.write(
            line: "\(Figures.grouped(total)) \(what) in \(Figures.duration(seconds)), "
                + "\(Figures.grouped(Int(Double(total) * 60 / max(seconds, 0.001)))) per min")
    }

    private func note(_ queue: String, inFlight: Int, _ others: [LiveWorker]) -> String {
        guard let other = others.first else {
            return "waiting for a worker: glimpq worker --queue \(queue) --in-flight \(inFlight)"
        }
        return "waiting for worker \(other.id) (process \(other.processID) on \(other.host)), which is at "
            + "\(other.queues.joined(separator: ", ")), so that it disturbs no measurement"
    }

    /// Whether a worker's process is there, as far as that can be seen from here: the lease of a killed one holds on.
    private func isAlive(_ other: LiveWorker) -> Bool {
        other.host != ProcessInfo.processInfo.hostName || kill(other.processID, 0) == 0 || errno != ESRCH
    }

    /// Waits a moment, less if the worker ends.
    private func pause(_ child: EvaluationWorker?) async throws {
        for _ in 0..<10 where child?.status == nil || child == nil {
            try await Task.sleep(for: .milliseconds(50))
            if interruption.isRequested { return }
        }
    }
}
