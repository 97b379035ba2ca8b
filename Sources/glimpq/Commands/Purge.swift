import ArgumentParser
import Queue

/// Deletes old jobs.
struct Purge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete jobs that ended long ago, with their results and traces.",
        discussion: """
            Some thousand jobs per transaction, while workers go on. What is deleted is gone: export it first (glimpq \
            results). To have the workers do it by themselves, set keep_jobs_days and keep_traces_days in glimpq.setting. \
            Needs the role glimpq_admin.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(
        help: ArgumentHelp(
            "How long ago a job must have ended: a number with s, m, h or d, e.g. 30d.", valueName: "age"))
    var olderThan: PurgeAge

    @Option(help: "Only jobs of this batch.")
    var batch: String?

    @Flag(help: "Only count.")
    var dryRun = false

    func run() async throws {
        let purge = JobPurge(shared.connection(try shared.settings()), logger: SharedOptions.quietLogger)
        let start = ContinuousClock.now
        var meter = ProgressMeter(noun: "jobs", isInteractive: Terminal.error.isInteractive)
        do {
            let end = try await purge.run(olderThan: olderThan.duration, batch: batch, isTrial: dryRun) { progress in
                let line = meter.report(
                    count: progress.jobs, fraction: progress.fraction, elapsed: ContinuousClock.now - start)
                if let line { try ByteSink.standardError.write(line) }
            }
            await purge.close()
            try ByteSink.standardError.write(meter.cleared)
            let jobs = "\(Figures.grouped(end.jobs)) jobs that ended more than \(olderThan.text) ago"
            try ByteSink.standardOutput.write(
                line: dryRun
                    ? "\(jobs) would be deleted" : "\(jobs) deleted, with \(Figures.grouped(end.steps)) rows of traces")
        } catch {
            await purge.close()
            throw error
        }
    }
}

/// An age: a whole number and a unit.
struct PurgeAge: ExpressibleByArgument {
    /// As it was given.
    let text: String
    /// How long it is.
    let duration: Duration

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Int(argument.dropLast()),
            (0...1_000_000_000).contains(number)
        else { return nil }
        text = argument
        duration = .seconds(number * unit)
    }
}
