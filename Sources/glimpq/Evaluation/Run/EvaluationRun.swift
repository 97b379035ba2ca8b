import Foundation
import Postgres
import Queue

/// Carries out a plan: finds thresholds, enqueues what is missing, and sees the queues through.
struct EvaluationRun {
    /// What is measured.
    let plan: EvaluationPlan
    /// The data sets of the report.
    let datasets: [EvaluationDataset]
    /// The models.
    let pair: PairFacts
    let store: EvaluationStore
    private let options: ConnectionOptions
    private let drain: QueueDrain
    private let interruption: Interruption
    /// Number of the evaluation in the database.
    private(set) var evaluation: Int64 = 0
    /// What the searches for thresholds gave.
    private(set) var thresholds: ThresholdSearches

    init(
        _ plan: EvaluationPlan, datasets: [EvaluationDataset], pair: PairFacts, options: ConnectionOptions,
        worker: EvaluationWorker.Settings?, interruption: Interruption
    ) {
        self.plan = plan
        self.datasets = datasets
        self.pair = pair
        self.options = options
        self.interruption = interruption
        thresholds = ThresholdSearches(plan)
        store = EvaluationStore(options, logger: SharedOptions.quietLogger)
        drain = QueueDrain(store: store, queues: plan.queues, worker: worker, interruption: interruption)
    }

    /// Begins the evaluation in the database.
    ///
    /// - Parameter facts: What is to be remembered of the run, a JSON object.
    mutating func begin(facts: String) async throws {
        evaluation = try await store.begin(plan.name, facts: facts)
    }

    /// Finds the thresholds of variants that ask for a share.
    ///
    /// - Parameters:
    ///   - isComputing: Whether to compute what is missing; else a search ends at the first threshold without results.
    ///   - isFresh: Whether to compute again what there is.
    mutating func calibrate(isComputing: Bool, isFresh: Bool) async throws {
        var problems: [String: EvaluationDataset] = [:]
        for round in 1... {
            let open = thresholds.open
            if open.isEmpty { break }
            var cells = EvaluationCells(plan, pair: pair)
            for one in open {
                let source = one.source
                let dataset = try problems[source.name] ?? EvaluationDataset(source)
                problems[source.name] = dataset
                cells.addCalibration(
                    one.variant, on: dataset, seeds: one.seeds, number: Self.firstCalibrationCell + one.number)
            }
            try await compute(
                cells, isComputing: isComputing, isFresh: isFresh,
                what: "jobs of threshold round \(round), \(open.count) variants")
            let shares = try await shares(cells.numbers)
            for one in open {
                thresholds.record(
                    share: shares[Self.firstCalibrationCell + one.number]?.share(of: one.unit), of: one.number)
            }
        }
    }

    /// A part of an evaluation that can be carried out on its own.
    enum Part: String, CaseIterable {
        /// The answers of all problems.
        case answers
        /// The times of some of them, on a machine that does nothing else.
        case timing
    }

    /// Adds the cells of the report to the evaluation and computes what is missing: the answers data set by data set and
    /// variant by variant, so that an interrupted run leaves whole tables, and then times.
    ///
    /// - Parameters:
    ///   - computing: Which parts to compute.
    ///   - fresh: Names of variants whose results are to be computed again.
    func measure(computing: [Part], fresh: Set<String>) async throws {
        for part in Part.allCases {
            var cells = EvaluationCells(plan, pair: pair)
            var again: [Int] = []
            let groups = part == .answers ? 1 : plan.timing.count
            for group in 0..<groups {
                for (place, dataset) in datasets.enumerated() {
                    for (index, planned) in plan.variants.enumerated() {
                        guard let variant = thresholds.variant(planned, on: dataset.source) else { continue }
                        let number =
                            ((part == .answers ? 0 : group + 1) * datasets.count + place) * plan.variants.count + index
                        switch part {
                        case .answers: cells.addMeasurement(variant, on: dataset, number: number)
                        case .timing: cells.addTiming(variant, on: dataset, plan.timing[group], number: number)
                        }
                        if fresh.contains(variant.name) { again.append(number) }
                    }
                }
            }
            if cells.cells.isEmpty { continue }
            try await store.add(cells.cells, tasks: cells.tasks, to: evaluation)
            guard computing.contains(part) else { continue }
            if !again.isEmpty { _ = try await store.forget(again, of: evaluation) }
            try await compute(added: cells, what: part == .answers ? "answers" : "timed answers")
        }
    }

    private static let firstCalibrationCell = 1_000_000

    /// Adds cells and computes them.
    private func compute(_ cells: EvaluationCells, isComputing: Bool, isFresh: Bool, what: String) async throws {
        try await store.add(cells.cells, tasks: cells.tasks, to: evaluation)
        guard isComputing else { return }
        if isFresh { _ = try await store.forget(cells.numbers, of: evaluation) }
        try await compute(added: cells, what: what)
    }

    /// Enqueues what is missing of cells and waits for it.
    private func compute(added cells: EvaluationCells, what: String) async throws {
        if interruption.isRequested { throw CancellationError() }
        for (name, inFlight) in cells.queues {
            try await drain.run(name, inFlight: inFlight, what: "jobs that an earlier run left")
        }
        _ = try await store.retry(cells.numbers, of: evaluation)
        try await enqueue(try await store.missing(cells.numbers, of: evaluation), of: cells)
        for (name, inFlight) in cells.queues {
            try await drain.run(name, inFlight: inFlight, what: what)
        }
    }

    /// Puts jobs into the queue; those that an earlier run has put there are passed over.
    private func enqueue(_ missing: [EvaluationTask], of cells: EvaluationCells) async throws {
        if missing.isEmpty { return }
        let keys = Dictionary(cells.tasks, uniquingKeysWith: { first, _ in first })
        let inserter = try await JobInserter.open(
            options, batch: EvaluationStore.batch, logger: SharedOptions.quietLogger)
        var seen: Set<String> = []
        for (count, task) in missing.enumerated() {
            if count & 1023 == 0 && interruption.isRequested { throw CancellationError() }
            guard let key = keys[task], seen.insert(key).inserted, let job = cells.job(task, key: key) else { continue }
            do {
                try await inserter.add(job)
            } catch let error as NewJobError {
                throw CommandFailure(.usage, "a problem cannot be enqueued (problem \(task.problem + 1)): \(error)")
            }
        }
        _ = try await inserter.finish()
    }

    /// The large model's shares by number of the cell, where all results are there.
    private func shares(_ cells: [Int]) async throws -> [Int: EvaluationFigures] {
        let wanted = Set(cells)
        let figures = try await store.figures(of: evaluation).filter {
            wanted.contains($0.cell.number) && $0.results > 0 && $0.results == $0.tasks
        }
        return Dictionary(figures.map { ($0.cell.number, $0) }) { first, _ in first }
    }
}

extension EvaluationFigures {
    /// The large model's share; `nil` if there is nothing to have a share of.
    func share(of unit: ShareTarget.Unit) -> Double? {
        let (part, whole) =
            switch unit {
            case .steps: (llmSteps, steps)
            case .tokens: (llmTokens, llmTokens + slmTokens)
            }
        return whole > 0 ? Double(part) / Double(whole) : nil
    }
}
