import Queue

/// Writes jobs to one or two files: mostly those with a result to the output, the others to the errors.
struct ResultRun {
    /// What to write, and where.
    struct Plan {
        /// Which jobs; its states do not count.
        var filter: ResultFilter
        var format: ResultFormat
        var output: String?
        /// States of the jobs that go to the output.
        var outputStates: [String]
        var errors: String?
        /// States of the jobs that go to the errors.
        var errorStates: [String]
    }

    /// Jobs that were written, by this run and by those before it.
    private(set) var written = 0
    private let plan: Plan
    private let reader: QueueReader
    private let interruption: Interruption?
    /// How many there will be, where that is known.
    private let total: Int?
    private var meter: ProgressMeter
    private let start = ContinuousClock.now

    init(_ plan: Plan, _ reader: QueueReader, total: Int?, interruption: Interruption? = nil) {
        self.plan = plan
        self.reader = reader
        self.total = total
        self.interruption = interruption
        // Results that scroll by on the same terminal are progress enough.
        let isSilent = plan.output ?? "-" == "-" && Terminal.output.isInteractive
        meter = ProgressMeter(noun: "results", isInteractive: Terminal.error.isInteractive, isSilent: isSilent)
    }

    /// Writes what there is, each file in the order of the jobs' numbers; a file appears when it is complete.
    ///
    /// - Parameter position: Jobs to leave out.
    mutating func export(skipping position: ResultFollower.Position) async throws {
        try await export(plan.outputStates, to: plan.output, skipping: position)
        if let errors = plan.errors { try await export(plan.errorStates, to: errors, skipping: position) }
        try ByteSink.standardError.write(meter.cleared)
    }

    private mutating func export(
        _ states: [String], to path: String?, skipping position: ResultFollower.Position
    ) async throws {
        let file = try OutputFile(path: path)
        try file.sink.append(plan.format.header.utf8)
        var filter = plan.filter
        filter.states = states
        for try await job in reader.results(filter) {
            if position.done.contains(job.job) || position.ended.contains(job.job) { continue }
            try file.sink.append(plan.format.text(job).utf8)
            try count()
        }
        try file.commit()
    }

    /// Writes jobs as they end, until the batch is complete.
    ///
    /// - Parameter position: What was written before, apart from what the files hold.
    /// - Returns: Where to go on if it was interrupted; `nil` at the end.
    mutating func follow(from position: ResultFollower.Position) async throws -> ResultFollower.Position? {
        let output = try GrowingFile(path: plan.output, format: plan.format)
        let errors = try plan.errors.map { try GrowingFile(path: $0, format: plan.format) }
        var position = position
        for job in output.jobs { position.done.insert(job) }
        for job in errors?.jobs ?? [] { position.ended.insert(job) }
        if plan.outputStates.contains(where: { $0 != "done" }) {  // the output alone does not say how its jobs ended
            for job in output.jobs { position.ended.insert(job) }
        }
        written = output.jobs.count + (errors?.jobs.count ?? 0)

        var filter = plan.filter
        filter.states = plan.outputStates + plan.errorStates
        var follower = try await reader.follow(filter, from: position)
        var isComplete = false
        while !isComplete, interruption?.isRequested != true {
            let jobs = try await follower.next()
            for job in jobs ?? [] {
                let file = plan.errorStates.contains(job.state) ? errors ?? output : output
                try file.sink.append(plan.format.text(job).utf8)
                try count(isInterruptible: false)
            }
            try output.sink.flush()
            try errors?.sink.flush()
            isComplete = jobs == nil
            if let jobs, jobs.isEmpty { try await wait() }
        }
        try ByteSink.standardError.write(meter.cleared)
        try output.commit()
        try errors?.commit()
        return isComplete ? nil : follower.position
    }

    /// Waits a second, less if somebody interrupts.
    private func wait() async throws {
        for _ in 0..<10 where interruption?.isRequested != true { try await Task.sleep(for: .milliseconds(100)) }
    }

    private mutating func count(isInterruptible: Bool = true) throws {
        written += 1
        guard written & 63 == 0 || meter.isInteractive else { return }
        if isInterruptible && interruption?.isRequested == true { throw CancellationError() }
        let fraction = total.flatMap { $0 > 0 ? Double(written) / Double($0) : nil }
        if let text = meter.report(count: written, fraction: fraction, elapsed: ContinuousClock.now - start) {
            try ByteSink.standardError.write(text)
        }
    }
}
