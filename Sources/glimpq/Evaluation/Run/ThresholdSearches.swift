/// The searches for thresholds of variants that ask for a share: one for each such variant and each file of problems to
/// search on.
struct ThresholdSearches {
    /// A search that has not ended.
    struct Open {
        /// Its number, from 0, the same in each run of a plan.
        let number: Int
        /// The variant with the value to try.
        let variant: EvaluationVariant
        /// The problems to try it on.
        let source: EvaluationPlan.DatasetSource
        /// Seeds of each problem.
        let seeds: [UInt64]
        /// What the share is of.
        let unit: ShareTarget.Unit
    }

    /// A threshold that was found.
    struct Found {
        /// What was wanted.
        let target: ShareTarget
        /// The value.
        let value: Double
        /// The share that it gave on the problems of the search.
        let share: Double
    }

    private struct Search {
        let variant: EvaluationVariant
        let source: EvaluationPlan.DatasetSource
        /// `nil` where it ended without a value.
        var steps: ThresholdSearch?
    }

    private let plan: EvaluationPlan
    private var searches: [Search] = []

    init(_ plan: EvaluationPlan) {
        self.plan = plan
        guard let calibration = plan.calibration else { return }
        for source in calibration.sources {
            for variant in plan.variants {
                guard let target = variant.target else { continue }
                let steps = ThresholdSearch(target, tolerance: calibration.tolerance, rounds: calibration.rounds)
                searches.append(Search(variant: variant, source: source, steps: steps))
            }
        }
    }

    /// The searches that have not ended, with what each tries next.
    var open: [Open] {
        searches.enumerated().compactMap { number, search in
            guard let steps = search.steps, !steps.isDone else { return nil }
            return Open(
                number: number, variant: search.variant.with(steps.candidate, of: steps.target.range),
                source: search.source, seeds: plan.calibration?.seeds ?? [], unit: steps.target.unit)
        }
    }

    /// Takes in the share that the value tried gave; without one, a search ends and its threshold is unknown.
    mutating func record(share: Double?, of number: Int) {
        if let share { searches[number].steps?.record(share: share) } else { searches[number].steps = nil }
    }

    /// The threshold of a variant on a data set of the report; `nil` if it asks for no share, or none was found.
    func found(_ variant: EvaluationVariant, on dataset: EvaluationPlan.DatasetSource) -> Found? {
        let source = plan.calibrationSource(of: dataset)?.name
        let search = searches.first { $0.variant.name == variant.name && $0.source.name == source }
        guard let steps = search?.steps, let best = steps.best else { return nil }
        return Found(target: steps.target, value: best.value, share: best.share)
    }

    /// A variant as it is measured on a data set; `nil` where its threshold is not known.
    func variant(_ variant: EvaluationVariant, on dataset: EvaluationPlan.DatasetSource) -> EvaluationVariant? {
        guard let range = variant.target?.range else { return variant }
        return found(variant, on: dataset).map { variant.with($0.value, of: range) }
    }

    /// Names of the variants whose threshold is not known, each with the problems it was looked for on.
    var unknown: [String] {
        searches.filter { $0.steps?.best == nil }.map { "\($0.variant.name) on \($0.source.name)" }
    }
}

extension EvaluationVariant {
    fileprivate func with(_ value: Double, of range: ThresholdRange) -> EvaluationVariant {
        var copy = self
        copy.params.append((range.parameter, CanonicalJSON.text("\(value)")))
        return copy
    }
}
