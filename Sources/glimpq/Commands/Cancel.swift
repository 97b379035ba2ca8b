import ArgumentParser
import Queue

/// Cancels jobs.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancel jobs by number, or all open jobs of a batch.",
        discussion:
            "Waiting jobs are cancelled at once; running ones when their worker renews its lease, within seconds.")

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Numbers of jobs.")
    var jobs: [Int64] = []

    @Option(help: "Name of a batch.")
    var batch: String?

    func validate() throws {
        if jobs.isEmpty == (batch == nil) { throw ValidationError("Give numbers of jobs, or --batch.") }
    }

    func run() async throws {
        let isComplete = try await shared.withControl { control in
            if let batch {
                let count = try await control.cancelBatch(batch)
                try ByteSink.standardOutput.write(
                    line: "batch \(batch): \(Figures.grouped(count.cancelled)) cancelled, "
                        + "\(Figures.grouped(count.cancelling)) running jobs told to stop")
                return true
            }
            return try await cancel(jobs, control)
        }
        if !isComplete { throw QuietEnd(status: .failed) }
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
