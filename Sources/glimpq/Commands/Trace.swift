import ArgumentParser
import Postgres

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
        let document = try await shared.withConnection { connection in
            var number = Int64(job)
            if let batch {
                number = try await connection.query(
                    "SELECT job_id FROM glimpq.v_job WHERE batch = $1 AND custom_id = $2", [batch, job]
                ).oneOrNone()?.get(0)
            } else if number == nil {
                throw CommandFailure(
                    .usage, "job: expected a number, got \(job.debugDescription); a custom_id needs --batch as well")
            }
            guard let number else { return TraceDocument?.none }
            return try await TraceDocument.read(job: number, connection)
        }
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
}
