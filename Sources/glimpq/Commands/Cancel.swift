import ArgumentParser
import Queue

/// Cancels jobs.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel jobs by number, or all open jobs of a batch.",
        discussion: """
            Waiting jobs are cancelled at once; running ones when their worker renews its lease, within seconds: what they \
            have written so far stays readable (glimpq trace). Jobs that have ended stay as they are. A large batch is \
            cancelled some thousand jobs at a time; the command can be stopped and given again. \
            glimpq retry --batch NAME --cancelled puts the jobs back.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64] = []

    @Option(help: "Cancel all open jobs of this batch.")
    var batch: String?

    @Flag(help: "Only say how many jobs that would be (with --batch).")
    var dryRun = false

    func validate() throws {
        if jobs.isEmpty == (batch == nil) { throw ValidationError("Give numbers of jobs, or --batch.") }
        if dryRun && batch == nil { throw ValidationError("--dry-run needs --batch.") }
    }

    func run() async throws {
        if let batch, dryRun {
            let overview = try await shared.withReader { try await $0.overview(batch: batch, exact: 0) }
            let waiting = overview.open - overview.running
            return try ByteSink.standardOutput.write(
                line: "batch \(batch): would cancel \(Figures.grouped(waiting)) waiting jobs and tell "
                    + "\(Figures.grouped(overview.running)) running ones to stop")
        }
        let isComplete = try await shared.withControl { control in
            if let batch {
                try await cancel(batch: batch, control)
                return true
            }
            return try await cancel(jobs, control)
        }
        if !isComplete { throw QuietEnd(status: .failed) }
    }

    private func cancel(batch: String, _ control: JobControl) async throws {
        var progress = CountedProgress(noun: "jobs")
        let count = try await control.cancelBatch(batch) { try progress.report($0 + $1) }
        try progress.finish()
        try ByteSink.standardOutput.write(
            line: "batch \(batch): \(Figures.grouped(count.cancelled)) cancelled, "
                + "\(Figures.grouped(count.cancelling)) running jobs told to stop")
    }

    private func cancel(_ jobs: [Int64], _ control: JobControl) async throws -> Bool {
        var isComplete = true
        for job in jobs {
            let outcome: String
            switch try await control.cancel(job) {
            case .cancelled: outcome = "cancelled"
            case .cancelling: outcome = "running; its worker will stop it within seconds"
            case .already(let state): outcome = "already \(state)"
            case .unknown:
                isComplete = false
                try ByteSink.standardError.write(line: "job \(job): there is no such job")
                continue
            }
            try ByteSink.standardOutput.write(line: "job \(job): \(outcome)")
        }
        return isComplete
    }
}
