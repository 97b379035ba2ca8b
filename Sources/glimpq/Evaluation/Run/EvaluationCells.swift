import Queue

/// Cells with their tasks, and what the jobs of each cell are made of.
struct EvaluationCells {
    /// What a cell's jobs are made of.
    struct Content {
        let dataset: EvaluationDataset
        let strategy: String
        /// The parameters of problems without some of their own, and parts to build the others'.
        let params: String
        let variant: EvaluationVariant
        let queue: String
    }

    /// The cells.
    private(set) var cells: [EvaluationCell] = []
    /// Their tasks with keys.
    private(set) var tasks: [(task: EvaluationTask, key: String)] = []
    private var contents: [Int: Content] = [:]
    private let plan: EvaluationPlan
    private let pair: PairFacts

    init(_ plan: EvaluationPlan, pair: PairFacts) {
        self.plan = plan
        self.pair = pair
    }

    /// The cells' numbers.
    var numbers: [Int] { cells.map(\.number) }

    /// Queues of the cells with their numbers of jobs in flight, in the order in which they are to be seen through.
    var queues: [(name: String, inFlight: Int)] {
        var queues: [(name: String, inFlight: Int)] = []
        for cell in cells.sorted(by: { $0.number < $1.number }) {
            let name = plan.queue(cell.purpose, inFlight: cell.inFlight)
            if !queues.contains(where: { $0.name == name }) { queues.append((name, cell.inFlight)) }
        }
        return queues
    }

    /// Adds the cell of a variant on a data set.
    mutating func addMeasurement(_ variant: EvaluationVariant, on dataset: EvaluationDataset, number: Int) {
        let tasks = plan.seeds.flatMap { seed in dataset.problems.indices.map { ($0, seed) } }
        add(variant, dataset, number, tasks, inFlight: plan.inFlight, purpose: .measurement)
    }

    /// Adds the cell of a variant on some problems of a data set, evenly spread.
    mutating func addTiming(
        _ variant: EvaluationVariant, on dataset: EvaluationDataset, _ group: EvaluationPlan.Timing, number: Int
    ) {
        let count = dataset.problems.count
        let wanted = min(group.problems, count)
        let tasks = group.seeds.flatMap { seed in (0..<wanted).map { ($0 * count / wanted, seed) } }
        add(variant, dataset, number, tasks, inFlight: group.inFlight, purpose: .timing)
    }

    /// Adds the cell of a variant on the problems of the calibration.
    mutating func addCalibration(
        _ variant: EvaluationVariant, on dataset: EvaluationDataset, seeds: [UInt64], number: Int
    ) {
        let tasks = seeds.flatMap { seed in dataset.problems.indices.map { ($0, seed) } }
        add(variant, dataset, number, tasks, inFlight: plan.inFlight, purpose: .calibration)
    }

    private mutating func add(
        _ variant: EvaluationVariant, _ dataset: EvaluationDataset, _ number: Int, _ list: [(Int, UInt64)],
        inFlight: Int, purpose: EvaluationCell.Purpose
    ) {
        let params = variant.params(plan, dataset.source)
        cells.append(
            EvaluationCell(
                number: number, purpose: purpose, variant: variant.name, dataset: dataset.source.name,
                strategy: variant.strategy, params: params, inFlight: inFlight))
        contents[number] = Content(
            dataset: dataset, strategy: variant.strategy, params: params, variant: variant,
            queue: plan.queue(purpose, inFlight: inFlight))
        let key = ContentKey(
            strategy: variant.strategy, params: params, pair: pair, inFlight: inFlight, isTimed: purpose == .timing)
        for (problem, seed) in list {
            tasks.append(
                (
                    EvaluationTask(cell: number, problem: problem, seed: seed),
                    key.text(dataset.problems[problem], seed: seed)
                ))
        }
    }

    /// The job of a task.
    func job(_ task: EvaluationTask, key: String) -> NewJob? {
        guard let content = contents[task.cell], content.dataset.problems.indices.contains(task.problem) else {
            return nil
        }
        let problem = content.dataset.problems[task.problem]
        var params = content.params
        if !problem.params.isEmpty {
            params = CanonicalJSON.object(
                plan.params + content.dataset.source.params + problem.params + content.variant.params)
        }
        return NewJob(
            prompt: problem.prompt, messages: problem.messages, customID: key, strategy: content.strategy,
            pair: pair.name, params: params, seed: problem.seed(task.seed), referenceAnswer: problem.referenceAnswer,
            metadata: JSONText.object([
                ("dataset", JSONText.string(content.dataset.source.name)), ("problem", JSONText.string(problem.id)),
            ]),
            queue: content.queue)
    }
}

extension EvaluationPlan {
    /// The queue of jobs of a purpose that run with so many others. Those of the report and of the search for thresholds
    /// share theirs, as they share results.
    func queue(_ purpose: EvaluationCell.Purpose, inFlight: Int) -> String {
        purpose == .timing ? "\(queue)-timed-\(inFlight)" : "\(queue)-\(inFlight)"
    }

    /// All queues of the evaluation.
    var queues: [String] {
        [queue(.measurement, inFlight: inFlight)] + timing.map { queue(.timing, inFlight: $0.inFlight) }
    }
}
