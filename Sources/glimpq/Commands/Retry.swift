import ArgumentParser
import Queue

/// Puts jobs that ended without a result back.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put failed, cancelled or quarantined jobs back, by number; or the failed ones of a batch.",
        discussion: "The next attempt goes on after the steps that are finished, unless --restart is given.")

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64] = []

    @Option(help: "Name of a batch.")
    var batch: String?

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp(
            "With --batch: only jobs whose last error is of this class, e.g. deadline.", valueName: "class"))
    var errorClass: String?

    @Flag(help: "Begin anew instead of going on after the finished steps (only with numbers of jobs).")
    var restart = false

    func validate() throws {
        if jobs.isEmpty == (batch == nil) { throw ValidationError("Give numbers of jobs, or --batch.") }
        if batch == nil && errorClass != nil { throw ValidationError("--class needs --batch.") }
        if batch != nil && restart { throw ValidationError("--restart needs numbers of jobs.") }
    }

    func run() async throws {
        let isComplete = try await shared.withControl { control in
            if let batch {
                try await retry(batch: batch, control)
                return true
            }
            return try await retry(jobs, control)
        }
        if !isComplete { throw QuietEnd(status: .failed) }
    }

    private func retry(_ jobs: [Int64], _ control: JobControl) async throws -> Bool {
        var isComplete = true
        for job in jobs {
            if try await control.retry(job, restart: restart) {
                try ByteSink.standardOutput.write(line: "job \(job): ready")
            } else {
                isComplete = false
                try ByteSink.standardError.write(
                    line: "job \(job): nothing to retry; it is not failed, cancelled or quarantined")
            }
        }
        return isComplete
    }

    private func retry(batch: String, _ control: JobControl) async throws {
        // A batch that does not exist has no failed jobs either; a misspelt name must not pass in silence.
        _ = try await shared.withReader { try await $0.progress(batch: batch) }
        let count = try await control.retryFailed(batch: batch, error: errorClass)
        try ByteSink.standardOutput.write(line: "batch \(batch): \(Figures.grouped(count)) jobs put back")
    }
}
