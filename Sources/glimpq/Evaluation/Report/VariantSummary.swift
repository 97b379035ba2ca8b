import Queue

/// What a variant achieved and cost on one data set, over all its cells.
struct VariantSummary {
    /// Number in charts and tables, from 1.
    let number: Int
    /// The variant.
    let variant: EvaluationVariant
    /// Its answers.
    let cells: [EvaluationFigures]
    /// What its times are taken from; the answers' where the plan has no groups for them.
    let timings: [EvaluationFigures]
    /// Share of right answers of each problem that has any, averaged over seeds.
    let grades: [Int: ProblemGrade]
    /// Share of right answers.
    let accuracy: ClusteredShare

    /// How often a problem was solved.
    struct ProblemGrade {
        /// By seed.
        var bySeed: [Int64: Bool] = [:]

        /// Share of right answers.
        var mean: Double { Double(bySeed.values.count { $0 }) / Double(max(bySeed.count, 1)) }
    }

    init(
        number: Int, variant: EvaluationVariant, cells: [EvaluationFigures], grades: EvaluationGrades?, hasTimings: Bool
    ) {
        self.number = number
        self.variant = variant
        self.cells = cells.filter { $0.cell.purpose == .measurement }
        timings = cells.filter { $0.cell.purpose == (hasTimings ? .timing : .measurement) }
        var byProblem: [Int: ProblemGrade] = [:]
        if let grades {
            for (index, problem) in grades.problems.enumerated() {
                byProblem[problem, default: ProblemGrade()].bySeed[grades.seeds[index]] = grades.correct[index]
            }
        }
        self.grades = byProblem
        accuracy = ClusteredShare(
            means: byProblem.sorted { $0.key < $1.key }.map(\.value.mean), answers: grades?.problems.count ?? 0)
    }

    /// Sum over the cells.
    func sum(_ value: (EvaluationFigures) -> Int) -> Int { cells.reduce(0) { $0 + value($1) } }

    /// Results.
    var results: Int { sum(\.results) }
    /// Problems times seeds.
    var tasks: Int { sum(\.tasks) }

    /// Sum over the cells for each result; not a number without results.
    func perResult(_ value: (EvaluationFigures) -> Int) -> Double {
        results > 0 ? Double(sum(value)) / Double(results) : .nan
    }

    /// The large model's share of thinking steps.
    var llmStepShare: Double { Self.ratio(sum(\.llmSteps), sum(\.steps)) }
    /// The large model's share of kept tokens.
    var llmTokenShare: Double { Self.ratio(sum(\.llmTokens), sum { $0.llmTokens + $0.slmTokens }) }
    /// Tokens of the large model for each result, whatever became of them.
    var llmTokens: Double { perResult(\.llmDecoded) }
    /// Parameters × decoded tokens for each result.
    var decodeCompute: Double { results > 0 ? cells.reduce(0) { $0 + $1.decodeCompute } / Double(results) : .nan }
    /// The same with context tokens.
    var totalCompute: Double { results > 0 ? cells.reduce(0) { $0 + $1.totalCompute } / Double(results) : .nan }

    /// The timed cell at a number of jobs in flight, if it has results.
    func cell(inFlight: Int) -> EvaluationFigures? { timings.first { $0.cell.inFlight == inFlight && $0.results > 0 } }

    private static func ratio(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : .nan }

    /// The difference to another variant on the problems and seeds that both have.
    func difference(to other: VariantSummary, _ bootstrap: EvaluationPlan.Bootstrap) -> PairedDifference {
        var differences: [Double] = []
        for (problem, grade) in grades.sorted(by: { $0.key < $1.key }) {
            guard let others = other.grades[problem] else { continue }
            let seeds = grade.bySeed.keys.filter { others.bySeed[$0] != nil }
            if seeds.isEmpty { continue }
            let sum = seeds.reduce(0) { sum, seed in
                sum + (grade.bySeed[seed] == true ? 1 : 0) - (others.bySeed[seed] == true ? 1 : 0)
            }
            differences.append(Double(sum) / Double(seeds.count))
        }
        return PairedDifference(differences, rounds: bootstrap.rounds, seed: bootstrap.seed)
    }
}

/// Compute is parameters × tokens that went through a model. Beside what `glimpq.v_compute` counts there are trial answers,
/// judges, and drafts: an accepted token was written by the small model too, and a rejected one was read by the large.
extension EvaluationFigures {
    /// Tokens that the large model wrote, whatever became of them.
    var llmDecoded: Int { llmTokens + llmDiscarded + accounts.llmTrial }
    /// Parameters × decoded tokens.
    var decodeCompute: Double {
        let small = slmTokens + slmDiscarded + probes + accounts.accepted + accounts.slmTrial
        let large = llmDecoded + accounts.drafted - accounts.accepted
        return Double(small) * Double(slmParameters) + Double(large) * Double(llmParameters)
            + accounts.reviewDecodeCompute
    }
    /// The same with context tokens.
    var totalCompute: Double {
        // Without a judge or scorer of its own the pair's large model reviews, and its context holds what it read.
        decodeCompute + Double(slmPrefill) * Double(slmParameters) + Double(llmPrefill) * Double(llmParameters)
            + (reviewsByAssistant ? accounts.reviewPrefillCompute : 0)
    }
    /// Whether a model apart from the pair reviews steps.
    private var reviewsByAssistant: Bool {
        accounts.reviewPrefill > 0
            && accounts.reviewPrefillCompute != Double(accounts.reviewPrefill) * Double(llmParameters)
    }
    /// A quantile of the active time, in seconds.
    func activeSeconds(_ share: Double) -> Double {
        Quantile.of(sorted: activeNanoseconds.map { Double($0) / 1e9 }, share)
    }
    /// Results per minute of the workers' time.
    var perMinute: Double { wallSeconds > 0 ? Double(results) * 60 / wallSeconds : .nan }
}
