import ArgumentParser
import Engine
import Foundation
import Queue

/// Puts the jobs of a file into the queue.
struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put jobs from a file into the queue.",
        discussion: """
            One JSON object per line, in our form, e.g.
              {"custom_id": "a-1", "prompt": "What is 7 / 2 ?", "reference_answer": "3 r 1", "params": {"tau": 0.2}}
            (keys: custom_id, prompt or messages, strategy, params, pair, seed, reference_answer, metadata, priority, \
            queue, tenant, max_attempts, timeout in seconds), or in that of an OpenAI batch file (custom_id, method, url, \
            body). Each line is checked before anything of it is stored; refused lines leave the others untouched. \
            Enqueueing a file again skips what the batch has already, by custom_id.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file"))
    var file: String

    @Option(help: "Batch that the jobs belong to. Default: the file's name without its ending.")
    var batch: String?

    @Option(help: "Strategy of lines that name none: \(EnqueueRun.strategyNames).")
    var strategy = "glimprouter"

    @Option(
        name: .customLong("param"),
        help: ArgumentHelp(
            "Parameter of lines that do not set it; repeatable, e.g. --param tau=0.2.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(help: "Model pair of lines that name none. Default: the worker's default pair.")
    var pair: String?

    @Option(help: "Queue of lines that name none. Default: GLIMPQ_QUEUE, else default.")
    var queue: String?

    @Option(help: "Priority of lines that have none, higher first.")
    var priority: Int16 = 0

    @Option(
        help: ArgumentHelp(
            "Model pool file, to refuse pairs that it does not have. Default: GLIMPQ_MODELS.", valueName: "file"))
    var models: String?

    @Option(help: ArgumentHelp("Where to write refused lines with their reasons, as JSON lines.", valueName: "file"))
    var reject: String?

    @Flag(help: "Only check the file; needs no database.")
    var dryRun = false

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func run() async throws {
        let settings = try shared.settings([.models: models, .queue: queue])
        var defaults = JobDefaults()
        defaults.strategy = strategy
        defaults.pair = pair
        defaults.priority = priority
        defaults.queue = settings.text(.queue) ?? defaults.queue
        for text in parameters { try defaults.add(parameter: text) }
        let parser = JobParser(defaults: defaults, pairs: try Self.pairs(settings))

        var run = try EnqueueRun(path: file, batch: batchName(), parser: parser, rejectPath: reject)
        if dryRun {
            try await run.check()
        } else {
            try await run.insert(shared.connection(settings))
        }
        try ByteSink.standardOutput.write(line: json ? run.summary.json : run.summary.sentence)
        if run.summary.refused > 0 { throw QuietEnd(status: .failed) }
    }

    private func batchName() throws -> String {
        if let batch {
            guard !batch.isEmpty, batch.unicodeScalars.count <= 200 else {
                throw CommandFailure(.usage, "--batch: expected a name of 1 to 200 characters")
            }
            return batch
        }
        guard file != "-" else {
            throw CommandFailure(
                .usage, "--batch: standard input has no name, so the batch needs one, e.g. --batch monday")
        }
        return URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
    }

    private static func pairs(_ settings: Settings) throws -> Set<String>? {
        guard let path = settings.text(.models) else { return nil }
        return Set(try ModelPoolDescription.read(URL(fileURLWithPath: path)).pairs.keys)
    }
}
