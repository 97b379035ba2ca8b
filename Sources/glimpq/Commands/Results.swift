import ArgumentParser
import Queue

/// Exports results.
struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export results as JSON lines, CSV or OpenAI batch output.",
        discussion: """
            Writes the jobs that are done, in the order of their numbers; --errors takes those that failed, were cancelled \
            or quarantined. A file appears under its name when it is complete. For other selections use SQL: \
            COPY (SELECT … FROM glimpq.v_result …) TO STDOUT.

            With --follow results are written as jobs end, each once, until the batch is complete or Ctrl-C. Files grow in \
            place; the same command goes on with what a file lacks. To go on with a pipe, give --after what the run before \
            has said at its end. A job that failed, was put back and then succeeded is written once as each.
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: "Only jobs of this batch.")
    var batch: String?

    @Option(help: "jsonl, csv or openai.")
    var format = ResultFormat.jsonl

    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("Default: standard output.", valueName: "file"))
    var output: String?

    @Option(
        name: [.long, .customLong("error-file")],
        help: ArgumentHelp("Where to write jobs that ended without a result.", valueName: "file"))
    var errors: String?

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp(
            "Only jobs of this state (done, failed, cancelled, quarantined); repeatable. Without --errors all of them go "
                + "to the output.", valueName: "state"))
    var states: [String] = []

    @Option(help: "Only jobs of this strategy.")
    var strategy: String?

    @Option(help: "Only jobs whose answer is right (true), or wrong (false).")
    var correct: Bool?

    @Flag(help: "Go on as jobs end, until the batch is complete.")
    var follow = false

    @Flag(help: "Write jobs that have not ended to --errors too, as expired.")
    var unfinished = false

    @Option(help: ArgumentHelp("Leave out what a run before has written.", valueName: "cursor"))
    var after: String?

    func validate() throws {
        for state in states where !ResultFilter.ended.contains(state) {
            throw ValidationError(
                "--state: expected one of \(ResultFilter.ended.joined(separator: ", ")), got \(state.debugDescription)."
            )
        }
        if unfinished && errors == nil { throw ValidationError("--unfinished needs --errors.") }
        if unfinished && follow { throw ValidationError("--unfinished and --follow exclude each other.") }
        if errors != nil && errors == output { throw ValidationError("--errors and --output must be two files.") }
        if let after, ResultFollower.Position(text: after) == nil {
            throw ValidationError("--after: expected what a run with --follow has said at its end, e.g. 1-500,502/501.")
        }
    }

    func run() async throws {
        let position = after.flatMap { ResultFollower.Position(text: $0) } ?? ResultFollower.Position()
        let interruption = Interruption.listen()
        try await shared.withReader { reader in
            let overview = try await overview(reader)
            var run = ResultRun(plan, reader, total: total(overview), interruption: interruption)
            guard follow else {
                try await run.export(skipping: position)
                return try say(Self.note(overview, hasErrorFile: errors != nil))
            }
            if let rest = try await run.follow(from: position) {
                try say("note: interrupted after \(Figures.grouped(run.written)) jobs; " + hint(rest))
                throw QuietEnd(status: .failed)
            }
        }
    }

    private var plan: ResultRun.Plan {
        let chosen = states.isEmpty ? (errors == nil ? ["done"] : ResultFilter.ended) : states
        let others = chosen.filter { $0 != "done" } + (unfinished ? ResultFilter.open : [])
        var filter = ResultFilter(batch: batch, strategy: strategy, correct: correct)
        filter.isTraced = format == .openai
        return ResultRun.Plan(
            filter: filter, format: format, output: output,
            outputStates: errors == nil ? chosen : chosen.filter { $0 == "done" }, errors: errors,
            errorStates: errors == nil ? [] : others)
    }

    /// How to go on after an interruption.
    private func hint(_ rest: ResultFollower.Position) -> String {
        let outputs = [output ?? "-"] + (errors.map { [$0] } ?? [])
        if !outputs.contains("-") { return "the same command goes on" }
        let cursor = rest.text
        return cursor.utf8.count < 100_000
            ? "to go on, add --after \(cursor)" : "its cursor is too long to be given; follow into a file with --output"
    }

    private func overview(_ reader: QueueReader) async throws -> BatchOverview? {
        guard let batch else { return nil }
        return try await reader.overview(batch: batch, exact: 0)
    }

    /// How many jobs there will be to write; `nil` where the filter decides.
    private func total(_ overview: BatchOverview?) -> Int? {
        guard let overview, strategy == nil, correct == nil, states.isEmpty else { return nil }
        if follow { return errors == nil ? nil : overview.total }
        return errors == nil ? overview.done : overview.total - (unfinished ? 0 : overview.open)
    }

    private func say(_ note: String?) throws {
        if let note { try ByteSink.standardError.write(line: note) }
    }

    /// What the reader of the output must know about what is not in it.
    static func note(_ overview: BatchOverview?, hasErrorFile: Bool) -> String? {
        guard let overview else { return nil }
        return note(
            (overview.open, overview.failed + overview.cancelled + overview.quarantined), hasErrorFile: hasErrorFile)
    }

    static func note(_ rest: (open: Int, ended: Int), hasErrorFile: Bool) -> String? {
        var parts: [String] = []
        if rest.open > 0 { parts.append("\(Figures.grouped(rest.open)) jobs are not finished yet") }
        if rest.ended > 0 && !hasErrorFile {
            parts.append("\(Figures.grouped(rest.ended)) jobs ended without a result; --errors FILE writes them")
        }
        return parts.isEmpty ? nil : "note: " + parts.joined(separator: "; ")
    }
}
