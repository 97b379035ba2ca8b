import ArgumentParser
import Postgres
import Queue

/// Shows a job's chain of thought.
struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one job's chain of thought: who wrote which step, and at what entropy.",
        discussion: "For many jobs use SQL: SELECT … FROM glimpq.v_trace.")

    @OptionGroup var shared: SharedOptions

    @Argument(help: "Number of the job, or its custom_id together with --batch.")
    var job: String

    @Option(help: "Batch in which the job has that custom_id.")
    var batch: String?

    @Option(help: ArgumentHelp("Write a self-contained page with an entropy chart.", valueName: "file"))
    var html: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let document = try await document()
        guard let document else {
            let place = batch.map { " in batch \($0.debugDescription)" } ?? ""
            throw CommandFailure(.failed, "there is no job \(job)\(place)")
        }
        if let html {
            let file = try OutputFile(path: html)
            try file.sink.append(document.html.utf8)
            try file.commit()
            if html != "-" { try ByteSink.standardError.write(line: "wrote \(html)") }
        } else if json {
            try ByteSink.standardOutput.write(line: document.json)
        } else {
            try ByteSink.standardOutput.write(document.terminal(Palette(isOn: Terminal.output.usesColour)))
        }
    }

    private func document() async throws -> TraceDocument? {
        let number: Int64?
        if let batch {
            number = try await Self.number(of: job, in: batch, shared)
        } else if let given = Int64(job) {
            number = given
        } else {
            throw CommandFailure(
                .usage, "job: expected a number, got \(job.debugDescription); a custom_id needs --batch as well")
        }
        guard let number else { return nil }
        return try await shared.withReader { reader in
            try await reader.trace(number).map { TraceDocument($0, job: number) }
        }
    }

    /// The number of the job with a custom_id.
    private static func number(of customID: String, in batch: String, _ shared: SharedOptions) async throws -> Int64? {
        let connection = try await Connection.connect(shared.connection(try shared.settings()))
        let rows = try await connection.query(
            "SELECT job_id FROM glimpq.v_job WHERE batch = $1 AND custom_id = $2", [batch, customID])
        await connection.close()
        return try rows.oneOrNone()?.get(0)
    }
}
