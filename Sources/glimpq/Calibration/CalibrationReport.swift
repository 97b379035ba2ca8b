import Queue

/// What stored traces say about the thresholds of one pair, template and task.
struct CalibrationReport {
    /// One threshold and what it would have done.
    struct Line {
        /// In nats.
        let tau: Double
        /// Share of steps above it, and the interval.
        let share: Double
        let shareInterval: ClosedRange<Double>
        /// Share of tokens in such steps.
        let tokenShare: Double
        /// Expected share of right steps, where labels tell.
        let stepAccuracy: (share: Double, interval: ClosedRange<Double>)?
    }

    /// What runs with one threshold achieved.
    struct Run {
        let tau: Double
        let jobs: Int
        let graded: Int
        let correct: Int
        let llmShare: Double
        /// 95 % interval of the accuracy; answers to one problem count as alike as they are.
        let interval: ClosedRange<Double>

        var accuracy: Double { Double(correct) / Double(graded) }
    }

    let key: ProbedJob.Key
    let jobs: Int
    let problems: Int
    let steps: Int
    /// Share of the steps that the large model did write.
    let observedShare: Double
    /// How many steps of this sample are worth one independent step, at the median.
    let designEffect: Double
    let lines: [Line]
    /// By threshold, ascending; jobs whose threshold changed are left out.
    let runs: [Run]
    /// The threshold that was asked for.
    let chosen: Choice?
    let labelledSteps: Int

    /// A threshold for a target.
    struct Choice {
        let line: Line
        let tauInterval: (low: Double?, high: Double?)
        /// How it was found.
        let reason: String
    }

    /// What a threshold is wanted for.
    enum Target {
        case share(Double)
        case accuracy(Double)
    }

    /// - Parameters:
    ///   - jobs: All of one key, at least one.
    ///   - taus: Thresholds to look at; empty for those of round shares.
    ///   - references: Right steps by custom id.
    init(_ jobs: [ProbedJob], key: ProbedJob.Key, target: Target?, taus: [Double], references: [String: [String]]) {
        let sample = EntropySample(jobs)
        let errors = StepErrors(jobs, references: references)
        func line(_ tau: Double) -> Line {
            Line(
                tau: tau, share: Double(sample.count(above: tau)) / Double(sample.steps.count),
                shareInterval: sample.shareInterval(at: tau), tokenShare: sample.tokenShare(above: tau),
                stepAccuracy: errors.smallCount + errors.largeCount > 0 ? errors.accuracy(at: tau, of: sample) : nil)
        }
        self.key = key
        self.jobs = sample.jobs
        problems = sample.problems
        steps = sample.steps.count
        observedShare = Double(sample.steps.count(where: \.isLLM)) / Double(sample.steps.count)
        designEffect = sample.threshold(forShare: 0.5).map(sample.designEffect(at:)) ?? 1
        labelledSteps = errors.smallCount + errors.largeCount
        let shares = [0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75]
        let wanted = taus.isEmpty ? shares.compactMap(sample.threshold(forShare:)) : taus
        lines = Array(Set(wanted)).sorted(by: >).map(line)
        runs = Self.runs(jobs)
        switch target {
        case nil: chosen = nil
        case .share(let share):
            chosen = sample.threshold(forShare: share).map {
                Choice(
                    line: line($0), tauInterval: sample.thresholdInterval(forShare: share),
                    reason: "the quantile of \(sample.steps.count) probed steps")
            }
        case .accuracy(let accuracy):
            chosen = Self.run(of: runs, reaching: accuracy).map { run in
                Choice(
                    line: line(run.tau), tauInterval: (nil, nil),
                    reason: "the highest threshold that ran and reached it: \(run.correct) of \(run.graded) right, "
                        + "95 % interval \(Figures.percent(run.interval.lowerBound, 1)) to "
                        + Figures.percent(run.interval.upperBound, 1))
            }
        }
    }

    private static func runs(_ jobs: [ProbedJob]) -> [Run] {
        Dictionary(grouping: jobs.filter { $0.tau != nil && $0.isCorrect != nil }) { $0.tau ?? 0 }
            .map { tau, jobs in
                let steps = jobs.reduce(0) { $0 + $1.steps.count }
                let llm = jobs.reduce(0) { $0 + $1.steps.count(where: \.isLLM) }
                return Run(
                    tau: tau, jobs: jobs.count, graded: jobs.count, correct: jobs.count { $0.isCorrect == true },
                    llmShare: steps == 0 ? 0 : Double(llm) / Double(steps), interval: accuracyInterval(jobs))
            }
            .filter { $0.graded >= 20 }
            .sorted { $0.tau < $1.tau }
    }

    private static func accuracyInterval(_ jobs: [ProbedJob]) -> ClosedRange<Double> {
        let numbers = ProblemNumbers(jobs)
        var tries = [(right: Double, all: Double)](repeating: (0, 0), count: numbers.count)
        for (job, problem) in zip(jobs, numbers.ofJobs) {
            tries[problem].right += job.isCorrect == true ? 1 : 0
            tries[problem].all += 1
        }
        let trials = ClusteredShare(means: tries.map { $0.right / $0.all }, answers: jobs.count).effectiveCount
        let share = Double(jobs.count { $0.isCorrect == true }) / Double(jobs.count)
        return Intervals.wilson(share: share, trials: trials)
    }

    private static func run(of runs: [Run], reaching accuracy: Double) -> Run? {
        runs.last { $0.accuracy >= accuracy }
    }
}
