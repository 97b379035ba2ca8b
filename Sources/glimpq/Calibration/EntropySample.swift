import Queue

/// First-token entropies of many jobs: which share of steps a threshold gives to the large model, and which threshold a
/// share needs.
struct EntropySample {
    /// One probed step.
    struct Step {
        let entropy: Double
        /// Index of its problem among the sample's.
        let problem: Int
        let isLLM: Bool
        let tokens: Int
    }

    /// By entropy, the highest first.
    let steps: [Step]
    /// Number of jobs.
    let jobs: Int
    /// Steps per problem.
    private let sizes: [Int]
    /// Tokens of the steps before each place.
    private let tokensAbove: [Int]

    /// Creates a sample; jobs without steps do not count.
    init(_ jobs: [ProbedJob]) {
        let jobs = jobs.filter { !$0.steps.isEmpty }
        self.jobs = jobs.count
        let numbers = ProblemNumbers(jobs)
        var sizes = [Int](repeating: 0, count: numbers.count)
        for (job, problem) in zip(jobs, numbers.ofJobs) { sizes[problem] += job.steps.count }
        self.sizes = sizes
        steps = zip(jobs, numbers.ofJobs).flatMap { job, problem in
            job.steps.map { Step(entropy: $0.entropy, problem: problem, isLLM: $0.isLLM, tokens: $0.tokens) }
        }.sorted { $0.entropy > $1.entropy }
        var sum = 0
        tokensAbove =
            [0]
            + steps.map {
                sum += $0.tokens
                return sum
            }
    }

    /// Number of different problems.
    var problems: Int { sizes.count }

    /// How many steps have an entropy above a threshold.
    func count(above tau: Double) -> Int {
        var (low, high) = (0, steps.count)
        while low < high {
            let middle = (low + high) / 2
            if steps[middle].entropy > tau { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The smallest value that at most a share of the steps is above: the threshold for that share.
    func threshold(forShare share: Double) -> Double? {
        guard !steps.isEmpty else { return nil }
        return steps[min(max(0, Int(share * Double(steps.count))), steps.count - 1)].entropy
    }

    /// Share of tokens in steps above a threshold, with the lengths that the steps had when they were written.
    func tokenShare(above tau: Double) -> Double {
        let all = tokensAbove[steps.count]
        return all == 0 ? 0 : Double(tokensAbove[count(above: tau)]) / Double(all)
    }

    /// How many times wider than for independent steps the variance of the share above a threshold is, because steps of
    /// one problem are alike, be it of one job or of several under other seeds and strategies (Kish's design effect, from
    /// the variance of a ratio over problems); at least 1.
    func designEffect(at tau: Double) -> Double {
        let above = count(above: tau)
        let n = Double(steps.count)
        guard problems > 1 else { return n / Double(max(problems, 1)) }
        guard above > 0, above < steps.count else { return n / Double(problems) }
        var hits = [Int](repeating: 0, count: problems)
        for step in steps[..<above] { hits[step.problem] += 1 }
        let share = Double(above) / n
        let spread = zip(hits, sizes).reduce(0.0) { sum, problem in
            let difference = Double(problem.0) - share * Double(problem.1)
            return sum + difference * difference
        }
        return max(1, Double(problems) / Double(problems - 1) * spread / n / (share * (1 - share)))
    }

    /// The 95 % interval of the share above a threshold: Wilson's, for as many independent steps as these are worth.
    func shareInterval(at tau: Double) -> ClosedRange<Double> {
        guard !steps.isEmpty else { return 0...1 }
        let share = Double(count(above: tau)) / Double(steps.count)
        return Intervals.wilson(share: share, trials: Double(steps.count) / designEffect(at: tau))
    }

    /// The 95 % interval of the threshold for a share, by order statistics: whatever the distribution, the true quantile
    /// lies between the values of two ranks with at least this probability (binomial, for as many independent steps as
    /// these are worth). An end is missing where the sample is too small for it.
    func thresholdInterval(forShare share: Double) -> (low: Double?, high: Double?) {
        guard let tau = threshold(forShare: share) else { return (nil, nil) }
        let effective = max(1, Int(Double(steps.count) / designEffect(at: tau)))
        let ranks = Intervals.quantileRanks(share: share, count: effective)
        // Ranks from above, of the smaller sample, at the same shares of the whole.
        func value(_ rank: Int?) -> Double? {
            rank.map { steps[min(steps.count - 1, max(0, ($0 * steps.count) / effective))].entropy }
        }
        return (value(ranks.deep), value(ranks.shallow))
    }
}
