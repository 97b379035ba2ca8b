import ArgumentParser
import Queue

/// Exports results.
struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export results as JSON lines, CSV or OpenAI batch output.",
        discussion: """
            Writes the jobs that are done, in the order of their numbers; --error-file takes those that failed, were \
            cancelled or quarantined. A file appears under its name when it is complete. For other selections use SQL: \
            COPY (SELECT … FROM glimpq.v_result …) TO STDOUT.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: "Only jobs of this batch.")
    var batch: String?

    @Option(help: "jsonl, csv or openai.")
    var format = ResultFormat.jsonl

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Default: standard output.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Where to write jobs that ended without a result.", valueName: "file"))
    var errorFile: String?

    func run() async throws {
        let rest = try await shared.withReader { reader in
            var progress: [BatchProgress] = []
            if let batch { progress = [try await reader.progress(batch: batch)] }
            try await export(["done"], to: output, reader)
            if let errorFile { try await export(["failed", "cancelled", "quarantined"], to: errorFile, reader) }
            return progress
        }
        let open = rest.reduce(0) { $0 + $1.open }
        let ended = rest.reduce(0) { $0 + $1.failed + $1.cancelled + $1.quarantined }
        if let note = Self.note((open, ended), hasErrorFile: errorFile != nil) {
            try ByteSink.standardError.write(line: note)
        }
    }

    private func export(_ states: [String], to path: String?, _ reader: QueueReader) async throws {
        let file = try OutputFile(path: path)
        try file.sink.append(format.header.utf8)
        for try await job in reader.results(.init(batch: batch, states: states)) {
            try file.sink.append(format.text(job).utf8)
        }
        try file.commit()
    }

    /// What the reader of the output must know about what is not in it.
    static func note(_ rest: (open: Int, ended: Int), hasErrorFile: Bool) -> String? {
        var parts: [String] = []
        if rest.open > 0 { parts.append("\(Figures.grouped(rest.open)) jobs are not finished yet") }
        if rest.ended > 0 && !hasErrorFile {
            parts.append("\(Figures.grouped(rest.ended)) jobs ended without a result; --error-file FILE writes them")
        }
        return parts.isEmpty ? nil : "note: " + parts.joined(separator: "; ")
    }
}
