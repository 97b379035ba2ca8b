import ArgumentParser
import Foundation
import Queue

/// Finds thresholds from what is stored.
struct Calibrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find the entropy threshold for a share of steps or an accuracy, from stored traces.",
        discussion: """
            Runs nothing: reads the traces of finished glimprouter jobs, and says for each pair, template and task (the \
            job parameter "task") which share of steps and tokens a threshold would have given to the large model.

            --rate 0.25 chooses the threshold for that share of steps; --accuracy 0.9 the highest threshold that graded \
            jobs ran with and reached that accuracy. With --labels FILE, problems that tell their right steps \
            (reference_steps), the expected share of right steps is shown as well.

            Jobs can also name a target_intervention_rate instead of a threshold: workers then find it from the jobs \
            before (see the view glimpq.v_calibration).
            """)

    @OptionGroup var shared: SharedOptions

    @Option(help: ArgumentHelp("Only jobs of this batch; repeatable.", valueName: "name"))
    var batch: [String] = []

    @Option(help: "Only jobs of this model pair.")
    var pair: String?

    @Option(help: "Only jobs of this task.")
    var task: String?

    @Option(help: ArgumentHelp("Share of steps for the large model, above 0 and below 1.", valueName: "share"))
    var rate: Double?

    @Option(help: ArgumentHelp("Share of right answers that is to be reached, above 0, at most 1.", valueName: "share"))
    var accuracy: Double?

    @Option(
        help: ArgumentHelp(
            "Thresholds to look at, with commas between. Default: those of round shares.", valueName: "nats"))
    var tau: String?

    @Option(
        help: ArgumentHelp("Problems with reference_steps, as JSON lines; matched by custom_id.", valueName: "file"))
    var labels: String?

    @Option(help: ArgumentHelp("Most jobs to read, the latest first.", valueName: "n"))
    var mostJobs = 20_000

    @Option(
        help: ArgumentHelp("Set the pair's default_tau in this pool file to what was chosen.", valueName: "pool file"))
    var write: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if rate != nil && accuracy != nil { throw ValidationError("--rate, --accuracy: give one of both.") }
        if let rate, !(rate > 0 && rate < 1) {
            throw ValidationError("--rate: expected a number above 0 and below 1, got \(rate).")
        }
        if let accuracy, !(accuracy > 0 && accuracy <= 1) {
            throw ValidationError("--accuracy: expected a number above 0, at most 1, got \(accuracy).")
        }
        if write != nil && rate == nil && accuracy == nil {
            throw ValidationError("--write: needs --rate or --accuracy, to know which threshold to write.")
        }
        if mostJobs < 1 { throw ValidationError("--most-jobs: expected a number above 0, got \(mostJobs).") }
        _ = try taus()
    }

    private func taus() throws -> [Double] {
        guard let tau else { return [] }
        return try tau.split(separator: ",").map { part in
            guard let value = Double(part.trimmingSpace()), value >= 0, value.isFinite else {
                throw ValidationError(
                    "--tau: expected numbers, at least 0, with commas between, got \(tau.debugDescription).")
            }
            return value
        }
    }

    func run() async throws {
        let references = try labels.map(Self.references) ?? [:]
        var filter = ProbedJobFilter()
        (filter.batches, filter.pair, filter.task, filter.most) = (batch, pair, task, mostJobs)
        filter.withTexts = labels != nil
        let wanted = filter
        let jobs = try await shared.withReader { try await $0.probedJobs(wanted) }
        let target = rate.map(CalibrationReport.Target.share) ?? accuracy.map(CalibrationReport.Target.accuracy)
        let looked = try taus()
        let reports = Dictionary(grouping: jobs, by: \.key)
            .sorted { ($0.value.count, $1.key.task) > ($1.value.count, $0.key.task) }
            .map { CalibrationReport($1, key: $0, target: target, taus: looked, references: references) }
        guard !reports.isEmpty else {
            throw CommandFailure(
                .failed, "no finished glimprouter jobs with probed steps match; enqueue some, e.g. with --param tau=1")
        }
        if json {
            let document = JSONText.object([
                ("calibrations", JSONText.array(reports.map(\.json))),
                ("note", JSONText.string(CalibrationReport.bias)),
            ])
            try ByteSink.standardOutput.write(line: document)
        } else {
            let palette = Palette(isOn: Terminal.output.usesColour)
            let parts = reports.map { $0.text(palette) } + [CalibrationReport.bias]
            try ByteSink.standardOutput.write(line: parts.joined(separator: "\n\n"))
        }
        if let accuracy, let missing = reports.first(where: { $0.chosen == nil }) {
            throw CommandFailure(
                .failed,
                "pair \(missing.key.pair), task \(missing.key.task.debugDescription): no threshold that at least 20 graded jobs "
                    + "ran with reached \(Figures.percent(accuracy, 1)); the stored traces cannot tell what others would reach: "
                    + "run some jobs at lower ones")
        }
        if let write { try store(reports, in: write) }
    }

    private func store(_ reports: [CalibrationReport], in path: String) throws {
        guard reports.count == 1, let report = reports.first, let chosen = report.chosen else {
            throw CommandFailure(
                .usage,
                "--write: a pair has one default_tau, but \(reports.count) pairs, templates or tasks match; choose one with "
                    + "--pair, --task or --batch")
        }
        guard let text = FileManager.default.contents(atPath: path) else {
            throw FileFailure(path: path, reason: "cannot be read")
        }
        let changed = try PoolFileEdit.setting(
            defaultTau: chosen.line.tau, ofPair: report.key.pair, in: Array(text), path: path)
        let file = try OutputFile(path: path)
        try file.sink.append(changed)
        try file.commit()
        try ByteSink.standardError.write(
            line: "wrote pairs.\(report.key.pair).default_tau = \(chosen.line.tau) to \(path)")
    }

    /// The right steps of problems, by custom id.
    private static func references(_ path: String) throws -> [String: [String]] {
        let dataset = try Dataset.read(path, layout: .glimpq)
        let told = dataset.problems.filter { !$0.referenceSteps.isEmpty }
        guard !told.isEmpty else {
            throw CommandFailure(.environment, "\(path): expected problems with reference_steps, got none")
        }
        return Dictionary(told.map { ($0.id, $0.referenceSteps) }) { first, _ in first }
    }
}
