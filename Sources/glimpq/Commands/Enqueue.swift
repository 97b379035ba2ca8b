import ArgumentParser
import Engine
import Foundation
import Queue

/// Puts the jobs of files into the queue.
struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put jobs from files into the queue.",
        discussion: """
            JSON lines: one object per line, in our form, e.g.
              {"custom_id": "a-1", "prompt": "What is 7 / 2 ?", "reference_answer": "3 r 1", "params": {"tau": 0.2}}
            (keys: custom_id, prompt or messages, strategy, params, pair, seed, reference_answer, metadata, priority, \
            queue, tenant, max_attempts, timeout in seconds), or in that of an OpenAI batch file (custom_id, method, url, \
            body). CSV: a row of the same names, also params.tau or metadata.source for single members; an empty field \
            counts as absent. A name that ends in .gz is unpacked with gzip.

            Each line is checked before anything of it is stored; refused lines leave the others untouched. --reject \
            writes them down with their reasons; once its inputs are mended, that file can be enqueued like any other.

            Enqueueing a file again adds only what the batch has not: each line is known again by its text, two equal \
            lines count twice, and a custom_id is taken once per batch. So a run that was cut off is continued by the same \
            command, and of an edited file the new and changed lines go in beside what was there. A file is known by its \
            name without the folder; --no-dedupe turns this off and stores every line once more.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: ArgumentHelp("The files; - for standard input.", valueName: "file"))
    var files: [String]

    @Option(help: "Batch that the jobs belong to. Default: each file's name without its ending.")
    var batch: String?

    @Option(help: "jsonl, csv or openai (JSON lines of OpenAI batches only). Default: by the file's ending.")
    var format: InputFormat?

    @Option(
        help: ArgumentHelp(
            "The files are problem sets in this layout: \(DatasetLayout.names).",
            discussion: """
                JSON lines, a JSON array or CSV as they are published. Each problem becomes a job with prompt, reference \
                answer, grader and the parameter task.
                """, valueName: "layout"))
    var dataset: DatasetLayout?

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

    @Option(help: "Tenant of lines that name none: who pays, and who shares workers with others.")
    var tenant: String?

    @Option(help: "Priority of lines that have none, higher first.")
    var priority: Int16 = 0

    @Option(
        help: ArgumentHelp(
            "Model pool file, to refuse pairs that it does not have. Default: GLIMPQ_MODELS.", valueName: "file"))
    var models: String?

    @Option(help: ArgumentHelp("Where to write refused lines with their reasons, as JSON lines.", valueName: "file"))
    var reject: String?

    @Flag(inversion: .prefixedNo, help: "Skip lines that the batch has from a file of the same name.")
    var dedupe = true

    @Flag(help: "Only check the files; needs no database.")
    var dryRun = false

    @Flag(help: "Print a summary per file, and progress, as JSON.")
    var json = false

    func validate() throws {
        if let batch, batch.isEmpty || batch.unicodeScalars.count > 200 {
            throw ValidationError("--batch: expected a name of 1 to 200 characters.")
        }
        if dataset != nil && format != nil {
            throw ValidationError("--format: a data set's form is seen from its file; leave out one of both.")
        }
        if batch == nil && files.contains("-") {
            throw ValidationError(
                "--batch: standard input has no name, so the batch needs one, e.g. --batch monday.")
        }
        if let reject, files.contains(where: { Self.isSame($0, reject) }) {
            throw ValidationError("--reject: \(reject) is read at the same time; name another file.")
        }
        var seen: Set<String> = []
        for file in files where !seen.insert("\(batchName(file))/\(EnqueueRun.source(of: file))").inserted {
            throw ValidationError(
                "\(file): another file of the same name goes into the same batch; enqueue them one by one into batches "
                    + "of their own, or rename one.")
        }
    }

    func run() async throws {
        let settings = try shared.settings([.models: models, .queue: queue])
        var defaults = JobDefaults()
        defaults.strategy = strategy
        defaults.pair = pair
        defaults.priority = priority
        defaults.tenant = tenant
        defaults.queue = settings.text(.queue) ?? defaults.queue
        for text in parameters { try defaults.add(parameter: text) }
        let pairs = try Self.pairs(settings)
        let rejects = try reject.map { try RejectFile(path: $0) }
        let interruption = Interruption.listen()

        var refused = 0
        for file in files {
            let format = self.format ?? InputFormat(path: file)
            var run = EnqueueRun(
                path: file, format: format, layout: dataset, batch: batchName(file),
                parser: JobParser(defaults: defaults, pairs: pairs, takesRequestsOnly: format == .openai),
                remembers: dedupe, reporter: EnqueueReporter(rejects: rejects, asJSON: json),
                interruption: interruption)
            do {
                if dryRun {
                    try run.check()
                } else {
                    try await run.insert(
                        shared.connection(settings), tenant: tenant, logger: SharedOptions.quietLogger)
                }
            } catch {
                if !dryRun { try ByteSink.standardError.write(line: Self.remark(run.summary, dedupe: dedupe)) }
                throw error
            }
            try ByteSink.standardOutput.write(line: json ? run.summary.json : run.summary.sentence)
            if let note = run.summary.note { try ByteSink.standardError.write(line: note) }
            refused += run.summary.refused
        }
        if refused > 0 { throw QuietEnd(status: .failed) }
    }

    /// What is in when a run ends early.
    private static func remark(_ summary: EnqueueSummary, dedupe: Bool) -> String {
        let stored =
            "\(summary.source): stopped; \(Figures.grouped(summary.inserted)) jobs of this run are in batch "
            + "\(summary.batch)"
        if summary.inserted + summary.duplicates == 0 { return "\(summary.source): stopped; nothing was stored" }
        return stored + (dedupe ? "; the same command goes on from there" : "")
    }

    /// Whether two paths lead to one file, also by way of links.
    static func isSame(_ a: String, _ b: String) -> Bool {
        func identity(_ path: String) -> (Int, Int)? {
            let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: resolved),
                facts[.type] as? FileAttributeType == .typeRegular,
                let device = facts[.systemNumber] as? Int, let number = facts[.systemFileNumber] as? Int
            else { return nil }
            return (device, number)
        }
        guard a != "-", let first = identity(a), let second = identity(b) else { return false }
        return first == second
    }

    private func batchName(_ file: String) -> String {
        if let batch { return batch }
        var name = EnqueueRun.source(of: file)[...]
        if let dot = name.lastIndex(of: "."), dot != name.startIndex { name = name[..<dot] }
        return String(String.UnicodeScalarView(name.unicodeScalars.prefix(200)))
    }

    private static func pairs(_ settings: Settings) throws -> Set<String>? {
        guard let path = settings.text(.models) else { return nil }
        return Set(try ModelPoolDescription.read(URL(fileURLWithPath: path)).pairs.keys)
    }
}
