import Postgres
import Queue

extension StatusReport.Queue {
    init(_ queue: QueueOverview, _ recent: [RecentWork]) {
        let work = recent.filter { $0.queue == queue.queue }
        self.init(
            name: queue.queue, isPaused: queue.isPaused, ready: queue.ready, isAbout: queue.isEstimate,
            delayed: queue.delayed, held: queue.held, running: queue.running, oldestSeconds: queue.oldestSeconds,
            perMinute: Self.pace(work))
    }

    /// Jobs per minute over the longest of the times in which batches of the queue were worked on: batches that came one
    /// after the other do not add their rates.
    private static func pace(_ work: [RecentWork]) -> Double {
        guard let seconds = work.map(\.seconds).max(), seconds > 0 else { return 0 }
        return Double(work.reduce(0) { $0 + $1.done }) * 60 / max(seconds, 1)
    }
}

extension StatusReport.Batch {
    init(_ batch: BatchOverview, _ recent: [RecentWork], _ errors: [RecentErrors]) {
        let work = recent.filter { $0.batch == batch.batch }
        let failed = errors.filter { $0.batch == batch.batch && ["failed", "quarantined"].contains($0.state) }
        let perMinute = work.reduce(0) { $0 + $1.perMinute } + Double(failed.reduce(0) { $0 + $1.jobs }) / 5
        let graded = batch.graded ?? work.reduce(0) { $0 + $1.graded }
        let correct = batch.correct ?? work.reduce(0) { $0 + $1.correct }
        self.init(
            name: batch.batch, total: batch.total, done: batch.done, failed: batch.failed + batch.quarantined,
            cancelled: batch.cancelled, running: batch.running, perMinute: perMinute,
            secondsToGo: batch.open > 0 && perMinute > 0 ? Double(batch.open) / perMinute * 60 : nil,
            accuracy: graded > 0 ? Double(correct) / Double(graded) : nil)
    }
}

extension StatusReport.Worker {
    /// - Parameter now: The server's time in seconds since 1970.
    init(_ worker: WorkerStatus, now: Double, tokensPerSecond: Double?) {
        self.init(
            id: worker.id, state: worker.state, place: "\(worker.host):\(worker.processID)", version: worker.version,
            protocol: worker.protocolVersion, inFlight: worker.running, capacity: worker.capacity,
            beatSeconds: max(0, now - worker.beatAt.seconds), tokensPerSecond: tokensPerSecond)
    }
}

extension StatusReport.Work {
    /// - Parameter window: The time that was looked at, in seconds.
    init(_ recent: [RecentWork], window: Int) {
        func sum(_ value: (RecentWork) -> Int) -> Int { recent.reduce(0) { $0 + value($1) } }
        let (tokens, steps) = (sum { $0.slmTokens + $0.llmTokens }, sum(\.steps))
        self.init(
            seconds: recent.map(\.seconds).max() ?? Double(window), done: sum(\.done), tokens: tokens,
            llmTokenShare: tokens > 0 ? Double(sum(\.llmTokens)) / Double(tokens) : nil,
            llmStepShare: steps > 0 ? Double(sum(\.llmSteps)) / Double(steps) : nil)
    }
}

extension StatusReport {
    /// Errors of all batches together, the most frequent first. Cancellations are no errors.
    static func faults(_ errors: [RecentErrors]) -> [Fault] {
        var faults: [Fault] = []
        for error in errors where error.state != "cancelled" {
            let errorClass = error.errorClass ?? "unknown"
            if let place = faults.firstIndex(where: { $0.errorClass == errorClass && $0.state == error.state }) {
                faults[place].jobs += error.jobs
            } else {
                faults.append(Fault(errorClass: errorClass, state: error.state, jobs: error.jobs))
            }
        }
        return faults.sorted { ($1.jobs, $0.errorClass) < ($0.jobs, $1.errorClass) }
    }
}
