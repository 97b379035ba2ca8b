import ArgumentParser
import Queue

/// Shows queues, batches and workers.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show queues, batches, workers and what goes wrong.",
        discussion: """
            With --watch it goes on until Ctrl-C: a live view on a terminal, a block (or JSON object) per look elsewhere. It \
            asks for little: long queues are counted up to 100,000 jobs and estimated beyond ("about"), and what takes \
            long to read is read the less often. Rates are those of the last minutes. --format openai prints the batch \
            object that the OpenAI API has.
            """)

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Go on until interrupted.")
    var watch = false

    @Option(help: ArgumentHelp("With --watch: seconds between two looks.", valueName: "seconds"))
    var interval = 2.0

    @Option(help: "How many of the latest batches to show.")
    var batches = 10

    @Option(help: "Show this batch only.")
    var batch: String?

    @Flag(help: "Print JSON, one object per look.")
    var json = false

    @Option(help: ArgumentHelp("openai: print the batch object (with --batch).", valueName: "format"))
    var format: String?

    func validate() throws {
        if !(0.1...86_400).contains(interval) { throw ValidationError("--interval must be 0.1 to 86400 seconds.") }
        if !(0...1000).contains(batches) { throw ValidationError("--batches must be 0 to 1000.") }
        if let format, format != "openai" { throw ValidationError("--format: expected openai, got \(format).") }
        if format != nil && (batch == nil || watch) {
            throw ValidationError("--format openai needs --batch, and does not go with --watch.")
        }
    }

    func run() async throws {
        try await shared.withReader { reader in
            if format != nil, let batch {
                let object = OpenAIBatch(
                    try await reader.overview(batch: batch, exact: 0), try await reader.facts(batch: batch))
                return try ByteSink.standardOutput.write(line: object.json)
            }
            var source = StatusReader(reader, newest: batches, batch: batch)
            if watch {
                var view = StatusWatch(source, interval: interval, asJSON: json)
                return try await view.run()
            }
            let report = try await source.read()
            try ByteSink.standardOutput.write(
                json ? report.json + "\n" : report.text(Palette(isOn: Terminal.output.usesColour)))
        }
    }
}
