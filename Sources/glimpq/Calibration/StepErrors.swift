import Queue

/// Which steps of a job are right, where its data set tells the right steps.
enum ReferenceLabels {
    /// Whether each probed step is what it should be, for the leading steps only: behind the first wrong one the right
    /// steps say nothing about what should come next.
    ///
    /// - Parameter reference: The texts of the right steps, in order.
    static func labels(of job: ProbedJob, reference: [String]) -> [Bool] {
        var labels: [Bool] = []
        for step in job.steps {
            guard step.index == labels.count, step.index < reference.count else { break }
            var text = step.text.trimmingSpace()
            for tag in ["</think>", "<think>"] {
                if text.hasSuffix(tag) { text = text.dropLast(tag.count).trimmingSpace() }
                if text.hasPrefix(tag) { text = text.dropFirst(tag.count).trimmingSpace() }
            }
            let isRight = text == reference[step.index].trimmingSpace()
            labels.append(isRight)
            if !isRight { break }
        }
        return labels
    }
}

/// How often steps are wrong, by who wrote them and how sure the small model was.
struct StepErrors {
    private struct Labelled {
        let entropy: Double
        let isWrong: Bool
    }

    /// Labelled steps of the small model, by entropy, ascending.
    private let small: [Labelled]
    private let largeErrors: Int
    /// Labelled steps of the large model.
    let largeCount: Int

    /// Creates it from jobs and the right steps of their problems, by custom id.
    init(_ jobs: [ProbedJob], references: [String: [String]]) {
        var small: [Labelled] = []
        var (errors, count) = (0, 0)
        for job in jobs {
            guard let reference = job.customID.flatMap({ references[$0] }) else { continue }
            for (step, isRight) in zip(job.steps, ReferenceLabels.labels(of: job, reference: reference)) {
                if step.isLLM {
                    count += 1
                    errors += isRight ? 0 : 1
                } else {
                    small.append(Labelled(entropy: step.entropy, isWrong: !isRight))
                }
            }
        }
        self.small = small.sorted { $0.entropy < $1.entropy }
        (largeErrors, largeCount) = (errors, count)
    }

    /// Labelled steps of the small model.
    var smallCount: Int { small.count }

    /// The highest entropy at which the small model was seen to write.
    var highestSmallEntropy: Double { small.last?.entropy ?? 0 }

    /// Share of right steps if a threshold had decided, with its 95 % interval; `nil` where nothing tells, as the small
    /// model wrote no labelled steps up to that entropy, or the large one none.
    func accuracy(at tau: Double, of sample: EntropySample) -> (share: Double, interval: ClosedRange<Double>)? {
        let below = small.prefix { $0.entropy <= tau }
        let share = Double(sample.count(above: tau)) / Double(max(1, sample.steps.count))
        guard share == 1 || (!below.isEmpty && highestSmallEntropy >= reach(tau, sample)), share == 0 || largeCount > 0
        else { return nil }
        let smallErrors = below.count(where: \.isWrong)
        let smallRate = below.isEmpty ? 0 : Double(smallErrors) / Double(below.count)
        let largeRate = largeCount == 0 ? 0 : Double(largeErrors) / Double(largeCount)
        let s = Intervals.wilson(share: smallRate, trials: Double(below.count))
        let l = Intervals.wilson(share: largeRate, trials: Double(largeCount))
        // Errors of both add up; the interval takes the worse ends of both where they count.
        let wrong = (1 - share) * smallRate + share * largeRate
        let low = (share < 1 ? (1 - share) * s.lowerBound : 0) + (share > 0 ? share * l.lowerBound : 0)
        let high = (share < 1 ? (1 - share) * s.upperBound : 0) + (share > 0 ? share * l.upperBound : 0)
        return (1 - wrong, (1 - high)...(1 - low))
    }

    /// The highest entropy of a step that the threshold leaves to the small model.
    private func reach(_ tau: Double, _ sample: EntropySample) -> Double {
        let above = sample.count(above: tau)
        guard above < sample.steps.count else { return 0 }
        // Within a hundredth: the very highest of many steps was perhaps never written by the small model.
        let spared = min(sample.steps.count - 1, above + sample.steps.count / 100)
        return sample.steps[spared].entropy
    }
}
