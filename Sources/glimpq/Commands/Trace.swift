import ArgumentParser
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

    func validate() throws {
        if json, html != nil { throw ValidationError("--json and --html: give one of both") }
        if batch == nil, Self.number(job) == nil {
            throw ValidationError(
                "job: expected a number, 1 or more, got \(job.debugDescription); a custom_id needs --batch as well")
        }
    }

    func run() async throws {
        guard let document = try await document() else {
            let place = batch.map { "custom_id \(job.debugDescription) in batch \($0.debugDescription)" } ?? job
            throw CommandFailure(.failed, "there is no job \(place)")
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
        try await shared.withReader { reader in
            let number: Int64?
            if let batch {
                number = try await reader.job(customID: job, batch: batch)
            } else {
                number = Self.number(job)
            }
            guard let number else { return nil }
            return try await reader.trace(number).map { TraceDocument($0, job: number) }
        }
    }

    private static func number(_ text: String) -> Int64? { Int64(text).flatMap { $0 > 0 ? $0 : nil } }
}
