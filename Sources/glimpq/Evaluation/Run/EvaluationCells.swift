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

    /// Numbers of jobs in flight that occur, the largest first.
    var inFlights: [Int] { Set(cells.map(\.inFlight)).sorted(by: >) }

    /// Adds the cells of a variant on a data set: one at full batch, one for latency if the plan wants it.
    mutating func addMeasurement(_ variant: EvaluationVariant, on dataset: EvaluationDataset, from number: Int) {
        var full: [(Int, UInt64)] = []
        var alone: [(Int, UInt64)] = []
        let count = dataset.problems.count
        let wanted = min(plan.latency?.problems ?? 0, count)
        let chosen: Set<Int> = Set((0..<wanted).map { $0 * count / wanted })
        let latencySeeds = Set(plan.latency?.seeds ?? [])
        let seeds = plan.seeds + (plan.latency?.seeds ?? []).filter { !plan.seeds.contains($0) }
        for seed in seeds {
            for problem in 0..<count {
                if latencySeeds.contains(seed) && chosen.contains(problem) {
                    alone.append((problem, seed))
                } else if plan.seeds.contains(seed) {
                    full.append((problem, seed))
                }
            }
        }
        if !full.isEmpty { add(variant, dataset, number, full, inFlight: plan.inFlight, purpose: .measurement) }
        if !alone.isEmpty, let latency = plan.latency {
            add(variant, dataset, number + 1, alone, inFlight: latency.inFlight, purpose: .measurement)
        }
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
            queue: plan.queue(inFlight: inFlight))
        let key = ContentKey(strategy: variant.strategy, params: params, pair: pair, inFlight: inFlight)
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
    /// The queue of jobs that run with so many others.
    func queue(inFlight: Int) -> String { "\(queue)-\(inFlight)" }

    /// All queues of the evaluation.
    var queues: [String] {
        [queue(inFlight: inFlight)] + (latency.map { [queue(inFlight: $0.inFlight)] } ?? [])
    }
}
