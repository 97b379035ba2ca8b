import Queue

/// What an evaluation consists of, as a table.
struct EvaluationListing {
    private let run: EvaluationRun

    init(_ run: EvaluationRun) { self.run = run }

    /// The variants and their numbers of jobs, without a look at the database.
    var planned: String {
        var cells = EvaluationCells(run.plan, pair: run.pair)
        var table = TextTable([
            ("variant", .left), ("strategy", .left), ("data set", .left), ("part", .left), ("in flight", .right),
            ("jobs", .right),
        ])
        for dataset in run.datasets {
            for variant in run.plan.variants {
                let before = cells.cells.count
                var tasks = cells.tasks.count
                cells.addMeasurement(variant, on: dataset, number: before)
                for group in run.plan.timing { cells.addTiming(variant, on: dataset, group, number: cells.cells.count) }
                for cell in cells.cells[before...] {
                    let count = cells.tasks[tasks...].prefix { $0.task.cell == cell.number }.count
                    tasks += count
                    table.append([
                        variant.name, variant.strategy, dataset.source.name,
                        cell.purpose == .timing ? "times" : "answers",
                        "\(cell.inFlight)", Figures.grouped(count),
                    ])
                }
            }
        }
        return table.rendered(Palette(isOn: Terminal.output.usesColour)) + "\n"
            + "\(run.plan.variants.count) variants, \(Figures.grouped(cells.tasks.count)) jobs"
            + (run.plan.calibration == nil ? "" : ", and those of the search for thresholds") + "\n"
    }

    /// The variants and how much of each is in the database.
    func stored(_ states: [EvaluationState], _ figures: [EvaluationFigures]) -> String {
        var table = TextTable([
            ("variant", .left), ("data set", .left), ("part", .left), ("in flight", .right), ("jobs", .right),
            ("cached", .right),
            ("open", .right), ("failed", .right), ("missing", .right),
        ])
        let byCell = Dictionary(figures.map { ($0.cell.number, $0.cell) }) { first, _ in first }
        var (jobs, done) = (0, 0)
        for state in states {
            guard let cell = byCell[state.cell], cell.purpose != .calibration else { continue }
            jobs += state.tasks
            done += state.done
            let missing = state.tasks - state.done - state.open - state.endedBadly
            table.append([
                cell.variant, cell.dataset, cell.purpose == .timing ? "times" : "answers", "\(cell.inFlight)",
                Figures.grouped(state.tasks),
                Figures.grouped(state.done),
                Figures.grouped(state.open), Figures.grouped(state.endedBadly), Figures.grouped(missing),
            ])
        }
        let unknown = run.thresholds.unknown
        let waiting = unknown.isEmpty ? "" : "; thresholds not known yet: \(unknown.joined(separator: ", "))"
        return table.rendered(Palette(isOn: Terminal.output.usesColour)) + "\n"
            + "\(Figures.grouped(done)) of \(Figures.grouped(jobs)) jobs are cached\(waiting)\n"
    }
}
