#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Queue

/// How well signals of the small model's steps tell wrong steps from right ones, on problems whose right steps are known.
///
/// A step counts if the small model wrote it and all before it are right, so that the reference says what should follow:
/// of each job the steps up to the first wrong one.
struct SignalReport {
    /// A signal.
    struct Signal {
        let name: String
        let curve: RankCurve
        let steps: Int
        let wrong: Int
    }

    /// A tenth of the steps, by entropy of the first token.
    struct Bin: Equatable {
        let low: Double
        let high: Double
        let mean: Double
        let steps: Int
        let wrong: Int
    }

    /// Name of the variant.
    let variant: String
    /// Name of the data set.
    let dataset: String
    /// Whether the steps could be labelled.
    let isLabelled: Bool
    /// The signals, where steps are labelled.
    let signals: [Signal]
    /// First-token entropies of right and of wrong steps; of all, where they are not labelled.
    let entropies: (right: [Double], wrong: [Double])
    /// The calibration curve of the first-token entropy.
    let bins: [Bin]

    init(
        variant: String, dataset: EvaluationDataset, steps: [EvaluationStep], bootstrap: EvaluationPlan.Bootstrap
    ) {
        self.variant = variant
        self.dataset = dataset.source.name
        isLabelled = dataset.hasReferenceSteps
        let labelled = isLabelled ? StepLabels.label(steps, dataset) : []
        func signal(_ name: String, _ value: (EvaluationStep) -> Double?) -> Signal? {
            let units = labelled.compactMap { one in
                value(one.step).map {
                    RankCurve.Unit(signal: $0, isWrong: one.isWrong, problem: one.step.problem)
                }
            }
            if units.isEmpty { return nil }
            return Signal(
                name: name, curve: RankCurve(units, rounds: min(bootstrap.rounds, 1000), seed: bootstrap.seed),
                steps: units.count, wrong: units.count { $0.isWrong })
        }
        signals = [
            signal("H_init: entropy of the first token", \.initialEntropy),
            signal("H_step: mean entropy of the step", \.meanEntropy),
            signal("PPL_step: perplexity of the step") { $0.meanLogProbability.map { exp(-$0) } },
        ].compactMap(\.self)
        if isLabelled {
            entropies = (
                labelled.filter { !$0.isWrong }.compactMap(\.step.initialEntropy),
                labelled.filter(\.isWrong).compactMap(\.step.initialEntropy)
            )
        } else {
            entropies = (steps.filter(\.isThinking).compactMap(\.initialEntropy), [])
        }
        bins = Self.bins(labelled.compactMap { one in one.step.initialEntropy.map { ($0, one.isWrong) } })
    }

    /// Ten bins of equal numbers of steps; steps of equal entropy stay together.
    static func bins(_ steps: [(entropy: Double, isWrong: Bool)]) -> [Bin] {
        let sorted = steps.sorted { $0.entropy < $1.entropy }
        var bins: [Bin] = []
        var start = 0
        for part in 1...10 where start < sorted.count {
            var end = max(start + 1, sorted.count * part / 10)
            while end < sorted.count, sorted[end].entropy == sorted[end - 1].entropy { end += 1 }
            let members = sorted[start..<end]
            bins.append(
                Bin(
                    low: members.first?.entropy ?? 0, high: members.last?.entropy ?? 0,
                    mean: members.reduce(0) { $0 + $1.entropy } / Double(members.count), steps: members.count,
                    wrong: members.count { $0.isWrong }))
            start = end
        }
        return bins
    }

    /// The areas under the ROC curves.
    var table: ReportTable {
        var table = ReportTable(
            caption: "Signals against errors of the small model's steps, on \(dataset) (\(variant))",
            note: """
                Of each job the steps up to its first wrong one, compared with the reference steps. AUROC is the chance that \
                a wrong step has a higher signal than a right one (0.5: no better than chance), with a 95 % interval by \
                bootstrap over problems. Where a probe drew the first token, H_step and PPL_step are those of the tokens behind it.
                """,
            columns: ["signal", "steps", "wrong", "AUROC [95 %]"])
        for signal in signals {
            table.rows.append([
                signal.name, Figures.grouped(signal.steps), Figures.grouped(signal.wrong),
                "\(ReportText.number(signal.curve.area, 3)) [\(ReportText.number(signal.curve.low, 3)), \(ReportText.number(signal.curve.high, 3))]",
            ])
        }
        return table
    }

    /// The calibration curve as a table.
    var binTable: ReportTable {
        var table = ReportTable(
            caption: "Errors by first-token entropy, on \(dataset) (\(variant))",
            columns: ["H_init, nats", "mean", "steps", "wrong", "share wrong [95 %]"])
        for bin in bins {
            table.rows.append([
                "\(Figures.fixed(bin.low, 4)) – \(Figures.fixed(bin.high, 4))", Figures.fixed(bin.mean, 4),
                Figures.grouped(bin.steps), Figures.grouped(bin.wrong),
                ReportText.share(WilsonInterval(hits: Double(bin.wrong), trials: Double(bin.steps))),
            ])
        }
        return table
    }
}
