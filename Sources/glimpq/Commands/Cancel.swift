import ArgumentParser
import Postgres
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
        let unknown = try await shared.withConnection { connection in
            if let batch {
                try await cancel(batch: batch, connection)
                return false
            }
            return try await cancel(jobs, connection)
        }
        if unknown { throw QuietEnd(status: .failed) }
    }

    private func cancel(_ jobs: [Int64], _ connection: Connection) async throws -> Bool {
        var anyUnknown = false
        for job in jobs {
            let outcome: String = try await connection.query("SELECT glimpq.cancel($1)", [job]).one().get(0)
            if outcome == "unknown" {
                anyUnknown = true
                try ByteSink.standardError.write(line: "job \(job): there is no such job")
            } else {
                try ByteSink.standardOutput.write(line: "job \(job): \(outcome)")
            }
        }
        return anyUnknown
    }

    /// In chunks, until nothing is left.
    private func cancel(batch: String, _ connection: Connection) async throws {
        var cancelled = 0
        var cancelling = 0
        while true {
            let rows: Rows
            do {
                rows = try await connection.query("SELECT * FROM glimpq.cancel_batch($1)", [batch])
            } catch let error as PostgresError where error.sqlState == "GQ002" {
                throw QueueError.unknownBatch(batch)
            }
            let row = try rows.one()
            let now: (Int, Int) = (try row.get("cancelled"), try row.get("cancelling"))
            if now == (0, 0) { break }
            cancelled += now.0
            cancelling += now.1
        }
        try ByteSink.standardOutput.write(
            line:
                "batch \(batch): \(Figures.grouped(cancelled)) cancelled, \(Figures.grouped(cancelling)) running jobs told to stop"
        )
    }
}
