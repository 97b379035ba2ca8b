import ArgumentParser
import Engine
import Foundation
import Queue

/// Compares strategies on data sets.
struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare strategies on data sets, and write a report.",
        discussion: """
            A plan names data sets (JSON lines with prompt and reference_answer), variants (a strategy with parameters), \
            seeds, and how many jobs are in flight; Ops/evaluation/demo.json is one. Each problem under each seed is a job \
            in a queue of the evaluation's own, which a worker of its own works off. The report has accuracy with paired \
            intervals, tokens, compute and latency, as a page and as Markdown.

            A result is known by a hash of everything it depends on: problem, strategy, parameters, seed, models, version \
            of the program, jobs in flight. What is in the database is not computed again, by whichever evaluation it was \
            asked for; the same command goes on after an interruption or a crash.
            """)

    @OptionGroup var shared: SharedOptions

    @Argument(help: ArgumentHelp("The plan.", valueName: "plan.json"))
    var plan: String

    @Option(
        help: ArgumentHelp("Model pool file. Default: what the plan says, else GLIMPQ_MODELS.", valueName: "file"))
    var models: String?

    @Option(help: ArgumentHelp("Folder of the report. Default: the plan's name.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("Name of the evaluation. Default: what the plan says.", valueName: "name"))
    var name: String?

    @Option(
        name: .customLong("variant"),
        help: ArgumentHelp("Only this variant and the baseline; repeatable.", valueName: "name"))
    var only: [String] = []

    @Option(help: ArgumentHelp("Only the first problems of each data set.", valueName: "n"))
    var limit: Int?

    @Option(name: .customLong("seed"), help: ArgumentHelp("Seeds in place of the plan's; repeatable.", valueName: "n"))
    var seeds: [UInt64] = []

    @Option(help: ArgumentHelp("Compute threads of the worker. Default: what the plan says.", valueName: "n"))
    var threads: Int?

    @Option(help: ArgumentHelp("What the report says about the sources, e.g. a commit.", valueName: "text"))
    var revision: String?

    @Option(
        help: ArgumentHelp(
            "Compute only answers, or only timing, which wants a quiet machine; repeatable. Default: both, answers first.",
            valueName: "part"))
    var part: [EvaluationRun.Part] = []

    @Option(help: ArgumentHelp("Markdown to put before the tables of report.md.", valueName: "file"))
    var preface: String?

    @Flag(help: "Leave out variants whose strategy or parameters are refused, and say which.")
    var skipRefused = false

    @Flag(help: "Start no worker: others work on the evaluation's queues.")
    var noWorker = false

    @Flag(
        help: """
            Compute everything anew, also what is in the database. To go on after an interruption, leave it out.
            """)
    var fresh = false

    @Option(
        name: .customLong("fresh-variant"),
        help: ArgumentHelp("Compute the results of this variant anew; repeatable.", valueName: "name"))
    var freshVariants: [String] = []

    @Flag(help: "Only say which variants there are and how much of each is in the database.")
    var list = false

    @Flag(help: "Only check plan, data sets, parameters and models; needs no database.")
    var dryRun = false

    @Flag(help: "Compute nothing: report on what is in the database. Not beside an evaluation at work.")
    var reportOnly = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit: expected a number above 0, got \(limit).") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads: expected a whole number in 1...1024, got \(threads).")
        }
        if Set(seeds).count < seeds.count { throw ValidationError("--seed: a seed is there twice.") }
    }

    func run() async throws {
        let settings = try shared.settings([.models: models])
        var plan = try readPlan()
        guard let pool = models ?? plan.models ?? settings.text(.models) else {
            throw CommandFailure(
                .usage, "no models: name a pool file with models in the plan, --models or GLIMPQ_MODELS")
        }
        _ = try ModelPoolDescription.read(URL(fileURLWithPath: pool))
        let pair = try PairFacts(file: URL(fileURLWithPath: pool), pair: plan.pair)
        let datasets = try plan.datasets.map { try EvaluationDataset($0) }
        for (variant, reason) in plan.refusals(datasets) {
            guard skipRefused, variant.name != plan.baseline else { throw CommandFailure(.usage, reason) }
            try ByteSink.standardError.write(
                line: "left out: \(reason.count > 160 ? reason.prefix(160) + "…" : reason)")
            plan.keep { $0 != variant.name }
        }
        let folder = URL(fileURLWithPath: output ?? plan.name)
        let worker = EvaluationWorker.Settings(
            models: URL(fileURLWithPath: pool).path, database: settings.text(.databaseURL),
            pooler: settings.text(.pooler), threads: threads ?? plan.threads, folder: folder)
        var run = EvaluationRun(
            plan, datasets: datasets, pair: pair, options: shared.connection(settings),
            worker: noWorker ? nil : worker, interruption: .listen())
        if dryRun { return try ByteSink.standardOutput.write(EvaluationListing(run).planned) }
        let origin = EvaluationOrigin(
            command: CommandLine.arguments, revision: revision, pool: pool, models: pair.models, pair: pair.name)
        do {
            try await carryOut(&run, origin, folder: folder)
        } catch is CancellationError {
            throw CommandFailure(.failed, "interrupted; what was computed is kept, and the same command goes on")
        }
        await run.store.close()
    }

    private func carryOut(_ run: inout EvaluationRun, _ origin: EvaluationOrigin, folder: URL) async throws {
        let isComputing = !list && !reportOnly
        let parts = part.isEmpty ? EvaluationRun.Part.allCases : part
        // To read means to say anew which tasks the evaluation has: not beside one that computes or reads them.
        let lock = try await EvaluationLock(shared.connection(try shared.settings()))
        try await run.begin(facts: origin.json)
        try await run.calibrate(isComputing: isComputing, isFresh: fresh && parts.contains(.answers))
        let again = fresh ? Set(run.plan.variants.map(\.name)) : Set(freshVariants)
        try await run.measure(computing: isComputing ? parts : [], fresh: again)
        if list {
            let states = try await run.store.states(of: run.evaluation)
            let figures = try await run.store.figures(of: run.evaluation)
            await lock.release()
            return try ByteSink.standardOutput.write(EvaluationListing(run).stored(states, figures))
        }
        let report = try await EvaluationReport(run, origin, preface: try readPreface())
        await lock.release()
        let files = [("report.html", report.html), ("report.md", report.markdown), ("problems.csv", report.problems)]
        for (name, text) in files {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = try OutputFile(path: folder.appendingPathComponent(name).path)
            try file.sink.write(text)
            try file.commit()
            try ByteSink.standardOutput.write(line: folder.appendingPathComponent(name).path)
        }
        for fault in report.faults {
            try ByteSink.standardError.write(line: "note: \(fault)")
        }
        if parts.contains(where: { report.missing[$0] ?? 0 > 0 }) { throw QuietEnd(status: .failed) }
    }

    private func readPreface() throws -> String? {
        guard let preface else { return nil }
        do {
            return try String(contentsOfFile: preface, encoding: .utf8)
        } catch {
            throw CommandFailure(.environment, "--preface: \(preface): cannot be read: \(error.localizedDescription)")
        }
    }

    /// The plan with what the command line changes.
    private func readPlan() throws -> EvaluationPlan {
        var plan = try EvaluationPlan(path: plan)
        if let name { plan.name = name }
        if !seeds.isEmpty {
            plan.seeds = seeds
            for index in plan.timing.indices { plan.timing[index].seeds = Array(seeds.prefix(1)) }
        }
        if let limit {
            for index in plan.datasets.indices {
                plan.datasets[index].limit = min(limit, plan.datasets[index].limit ?? limit)
            }
            for index in plan.calibration?.sources.indices ?? 0..<0 {
                let own = plan.calibration?.sources[index].limit
                plan.calibration?.sources[index].limit = min(limit, own ?? limit)
            }
        }
        let known = Set(plan.variants.map(\.name))
        for wanted in only + freshVariants where !known.contains(wanted) {
            throw CommandFailure(
                .usage,
                "--variant: expected one of \(plan.variants.map(\.name).joined(separator: ", ")), "
                    + "got \(wanted.debugDescription)")
        }
        if !only.isEmpty {
            let baseline = plan.baseline
            plan.keep { only.contains($0) || $0 == baseline }
        }
        return plan
    }
}
