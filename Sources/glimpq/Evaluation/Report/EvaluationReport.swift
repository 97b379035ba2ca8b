import Postgres
import Queue

/// What an evaluation found.
struct EvaluationReport {
    /// Its name.
    let title: String
    /// Where it comes from: names and values.
    let facts: [(name: String, value: String)]
    /// Each data set.
    let datasets: [DatasetReport]
    /// The thresholds that were found for wanted shares.
    let thresholdTables: [ReportTable]
    /// What went wrong, one sentence each.
    let faults: [String]
    /// How often each variant solved each problem: comma-separated values.
    let problems: String
    /// Tasks without a result, by part.
    let missing: [EvaluationRun.Part: Int]
    /// Which tasks have no result.
    let missingTable: ReportTable
    /// What the tables say about the questions that such an evaluation is made for.
    let findings: [ReportFinding]
    /// What the caller has to say before the tables, as Markdown.
    let preface: String?

    /// Reads everything from the database.
    init(_ run: EvaluationRun, _ origin: EvaluationOrigin, preface: String? = nil) async throws {
        self.preface = preface
        var figures = try await run.store.figures(of: run.evaluation).filter { $0.cell.purpose != .calibration }
        let accounts = try await run.store.accounts(of: run.evaluation)
        for index in figures.indices {
            figures[index].accounts = accounts[figures[index].cell.number] ?? figures[index].accounts
        }
        let grades = try await run.store.grades(of: run.evaluation)
        var datasets: [DatasetReport] = []
        let measured = figures
        for dataset in run.datasets {
            let name = dataset.source.name
            let summaries = run.plan.variants.enumerated().compactMap { index, planned -> VariantSummary? in
                guard let variant = run.thresholds.variant(planned, on: dataset.source) else { return nil }
                let cells = measured.filter { $0.cell.variant == variant.name && $0.cell.dataset == name }
                if cells.allSatisfy({ $0.results == 0 }) { return nil }
                return VariantSummary(
                    number: index + 1, variant: variant, cells: cells,
                    grades: grades.first { $0.variant == variant.name && $0.dataset == name },
                    hasTimings: !run.plan.timing.isEmpty)
            }
            var report = DatasetReport(name: name, summaries: summaries, plan: run.plan)
            for variant in run.plan.signals where summaries.contains(where: { $0.variant.name == variant }) {
                let steps = try await run.store.steps(variant: variant, dataset: name, of: run.evaluation)
                report.signals.append(
                    SignalReport(variant: variant, dataset: dataset, steps: steps, bootstrap: run.plan.bootstrap))
            }
            datasets.append(report)
        }
        self.datasets = datasets
        problems = Self.problems(run.datasets, datasets)
        title = "Evaluation \(run.plan.name)"
        var facts = origin.facts + Self.facts(figures, run)
        thresholdTables = (run.plan.calibration?.sources ?? []).map { Self.thresholds(run, datasets, from: $0.name) }
            .filter { !$0.rows.isEmpty }
        findings = datasets.flatMap { ReportFinding.all(in: $0) }
        missing = Dictionary(
            grouping: figures, by: { $0.cell.purpose == .timing ? EvaluationRun.Part.timing : .answers }
        ).mapValues { $0.reduce(0) { $0 + $1.tasks - $1.results } }
        missingTable = Self.missing(figures)
        var faults = try await run.store.faults(of: run.evaluation).map { fault in
            "\(Figures.grouped(fault.jobs)) jobs of \(fault.variant) on \(fault.dataset) have no result: \(fault.errorClass)"
                + (fault.message.map { ", \($0)" } ?? "")
        }
        for part in EvaluationRun.Part.allCases where missing[part] ?? 0 > 0 {
            faults.insert(
                "unfinished: \(Figures.grouped(missing[part] ?? 0)) tasks of \(part.rawValue) have no result", at: 0)
        }
        let agreement = try await run.store.agreement(of: run.evaluation)
        if agreement.compared > 0 {
            facts.append(
                (
                    "answers computed twice",
                    "\(Figures.grouped(agreement.compared)), for the tables and for times; \(Figures.grouped(agreement.different)) differ"
                ))
        }
        self.facts = facts
        self.faults = faults
    }

    /// When and where results were computed, which need not be by this run.
    private static func facts(_ figures: [EvaluationFigures], _ run: EvaluationRun) -> [(name: String, value: String)] {
        let first = figures.compactMap(\.firstClaimedAt).min { $0.seconds < $1.seconds }
        let last = figures.compactMap(\.lastFinishedAt).max { $0.seconds < $1.seconds }
        var facts: [(name: String, value: String)] = []
        if let first, let last { facts.append(("computed", "\(first.text) to \(last.text)")) }
        let hosts = Set(figures.flatMap(\.hosts)).sorted()
        if hosts.count > 1 { facts.append(("machines", hosts.joined(separator: ", "))) }
        let versions = Set(figures.flatMap(\.versions)).sorted()
        if versions.count > 1 { facts.append(("versions", versions.joined(separator: ", "))) }
        facts.append(("results", Figures.grouped(figures.reduce(0) { $0 + $1.results })))
        for dataset in run.datasets {
            facts.append(
                ("data set", "\(dataset.source.name): \(Figures.grouped(dataset.problems.count)) problems"))
        }
        facts.append(
            (
                "seeds",
                run.plan.seeds.map(String.init).joined(separator: ", ")
                    + "; that of a job is a hash of seed and problem, the same for all variants"
            ))
        if !run.plan.params.isEmpty {
            facts.append(("parameters of all", CanonicalJSON.object(run.plan.params)))
        }
        facts.append(
            (
                "bootstrap",
                "\(Figures.grouped(run.plan.bootstrap.rounds)) samples of problems, Philox4x32-10, seed \(run.plan.bootstrap.seed)"
            ))
        return facts
    }

    private static func problems(_ datasets: [EvaluationDataset], _ reports: [DatasetReport]) -> String {
        var text = CSVText.row(["dataset", "problem", "variant", "answers", "correct"])
        for (dataset, report) in zip(datasets, reports) {
            for (index, problem) in dataset.problems.enumerated() {
                for one in report.summaries {
                    guard let grade = one.grades[index] else { continue }
                    text += CSVText.row([
                        dataset.source.name, problem.id, one.variant.name, "\(grade.bySeed.count)",
                        "\(grade.bySeed.values.count { $0 })",
                    ])
                }
            }
        }
        return text
    }

    private static func missing(_ figures: [EvaluationFigures]) -> ReportTable {
        var table = ReportTable(
            caption: "Tasks without a result",
            columns: ["variant", "data set", "part", "in flight", "tasks", "missing"],
            texts: [0, 1, 2])
        for one in figures where one.results < one.tasks {
            table.rows.append([
                one.cell.variant, one.cell.dataset, one.cell.purpose == .timing ? "times" : "answers",
                "\(one.cell.inFlight)", Figures.grouped(one.tasks), Figures.grouped(one.tasks - one.results),
            ])
        }
        return table
    }

    /// Wanted and achieved shares of the data sets whose thresholds were found on the same problems.
    private static func thresholds(
        _ run: EvaluationRun, _ reports: [DatasetReport], from source: String
    ) -> ReportTable {
        let datasets = zip(run.datasets, reports).filter { run.plan.calibrationSource(of: $0.0.source)?.name == source }
        var table = ReportTable(
            caption: "Thresholds found on \(source) for a wanted share of the large model",
            columns: ["variant", "threshold", "share of", "wanted", "on \(source)"]
                + datasets.map { "on \($0.1.name)" },
            texts: [0, 2])
        for variant in run.plan.variants {
            guard let first = datasets.first, let found = run.thresholds.found(variant, on: first.0.source) else {
                continue
            }
            let achieved = datasets.map { _, report -> String in
                guard let one = report.summaries.first(where: { $0.variant.name == variant.name }) else { return "–" }
                return ReportText.percent(found.target.unit == .steps ? one.llmStepShare : one.llmTokenShare)
            }
            table.rows.append(
                [
                    variant.name, "\(found.target.range.parameter) \(CanonicalJSON.text("\(found.value)"))",
                    found.target.unit.rawValue, ReportText.percent(found.target.share), ReportText.percent(found.share),
                ] + achieved)
        }
        return table
    }
}
