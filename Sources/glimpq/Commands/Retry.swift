import ArgumentParser
import Queue

/// Puts jobs that ended without a result back.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Put failed, cancelled or quarantined jobs back: by number, by batch, or by the class of their error.",
        discussion: """
            The next attempt goes on after the steps that are finished, unless --restart is given. With --batch or --class \
            it is the failed and quarantined jobs that are put back, those that ended before the command began; \
            --cancelled takes the cancelled ones instead. Classes: bad_input, model_transient, infra, deadline, \
            crash_suspect, cancelled.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64] = []

    @Option(help: "Only jobs of this batch.")
    var batch: String?

    @Option(
        name: .customLong("class"),
        help: ArgumentHelp("Only jobs whose last error is of this class, e.g. deadline.", valueName: "class"))
    var errorClass: String?

    @Flag(help: "Put cancelled jobs back instead of failed and quarantined ones.")
    var cancelled = false

    @Flag(help: "Begin anew instead of going on after the finished steps.")
    var restart = false

    @Flag(help: "Only say how many jobs that would be.")
    var dryRun = false

    func validate() throws {
        let isFiltered = batch != nil || errorClass != nil
        if jobs.isEmpty != isFiltered { throw ValidationError("Give numbers of jobs, or --batch or --class.") }
        let classes = FailureClass.allCases.map(\.rawValue)
        if let errorClass, !classes.contains(errorClass) {
            throw ValidationError("--class: expected one of \(classes.joined(separator: ", ")), got '\(errorClass)'.")
        }
        if !isFiltered && (cancelled || dryRun) {
            throw ValidationError("--cancelled and --dry-run need --batch or --class.")
        }
    }

    func run() async throws {
        if dryRun { return try await count() }
        let isComplete = try await shared.withControl { control in
            if jobs.isEmpty {
                try await retryFiltered(control)
                return true
            }
            return try await retry(jobs, control)
        }
        if !isComplete { throw QuietEnd(status: .failed) }
    }

    private var states: [String] { cancelled ? ["cancelled"] : ["failed", "quarantined"] }

    private var place: String {
        [batch.map { "batch \($0)" }, errorClass.map { "class \($0)" }].compactMap(\.self).joined(separator: ", ")
    }

    /// Says what would be put back.
    private func count() async throws {
        let ended = try await shared.withReader { reader in
            if let batch { _ = try await reader.overview(batch: batch, exact: 0) }
            return try await reader.endedBadly(batch: batch)
        }
        let chosen = ended.filter {
            states.contains($0.state) && (errorClass == nil || $0.errorClass == errorClass)
        }
        let total = chosen.reduce(0) { $0 + $1.count }
        try ByteSink.standardOutput.write(line: "\(place): would put \(Figures.grouped(total)) jobs back")
        for group in chosen {
            try ByteSink.standardOutput.write(
                line: "  \(Figures.grouped(group.count)) \(group.state), \(group.errorClass ?? "no error")")
        }
    }

    private func retryFiltered(_ control: JobControl) async throws {
        var progress = CountedProgress(noun: "jobs")
        let filter = JobControl.RetryFilter(batch: batch, error: errorClass, states: states, restart: restart)
        let count = try await control.retry(filter) { try progress.report($0) }
        try progress.finish()
        try ByteSink.standardOutput.write(line: "\(place): \(Figures.grouped(count)) jobs put back")
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
}
