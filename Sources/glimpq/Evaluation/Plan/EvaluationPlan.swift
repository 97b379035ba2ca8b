/// What an evaluation measures: read from a JSON file, which `Ops/evaluation/demo.json` shows in full.
struct EvaluationPlan {
    /// Its name; an evaluation of the same name takes its place in the database.
    var name: String
    /// The model pool file, resolved; `nil` takes the setting.
    var models: String?
    /// The model pair; `nil` takes the pool's default.
    var pair: String?
    /// Beginning of the names of its queues.
    var queue = "evaluation"
    /// Compute threads of the worker; `nil` takes its default.
    var threads: Int?
    /// How many jobs are in flight at full batch.
    var inFlight = 64
    /// What times are measured on.
    var timing: [Timing] = []
    /// Seeds of each problem.
    var seeds: [UInt64] = [1]
    /// Parameters of all variants: names and JSON texts.
    var params: [(name: String, value: String)] = []
    /// The data sets, in the order of the report.
    var datasets: [DatasetSource] = []
    /// Name of the variant that all are compared with, and relative to which compute is given.
    var baseline = "llm"
    /// How thresholds are found for variants that ask for a share.
    var calibration: Calibration?
    /// Rounds and seed of the bootstrap.
    var bootstrap = Bootstrap()
    /// The variants.
    var variants: [EvaluationVariant] = []
    /// Variants whose steps are compared with the reference steps.
    var signals: [String] = []
    /// Comparisons beside those with the baseline: the first variant with each of the others.
    var comparisons: [[String]] = []

    /// A part of the problems that is computed once more, on its own, for its times.
    struct Timing {
        /// How many jobs are in flight.
        var inFlight: Int
        /// How many problems of each data set, evenly spread.
        var problems: Int
        /// Under which seeds.
        var seeds: [UInt64]
    }

    /// A file of problems.
    struct DatasetSource {
        /// Its name in the report.
        var name: String
        /// The file, resolved.
        var path: String
        /// Which fields mean what.
        var layout = DatasetLayout.glimpq
        /// Only the first problems; `nil` takes all.
        var limit: Int?
        /// Name of the data set on which its thresholds are found; `nil` takes that of ``Calibration``.
        var calibration: String?
        /// Parameters of its jobs.
        var params: [(name: String, value: String)]
    }

    /// The search for thresholds.
    struct Calibration {
        /// The problems it uses, which the report does not: of data sets that name no other, and then of the others.
        var sources: [DatasetSource]
        /// Seeds of each problem.
        var seeds: [UInt64]
        /// How near to the target is near enough, as a share.
        var tolerance: Double
        /// Most thresholds tried for a variant.
        var rounds: Int
    }

    /// The problems on which thresholds for a data set are found; `nil` without a calibration.
    func calibrationSource(of dataset: DatasetSource) -> DatasetSource? {
        calibration?.sources.first { $0.name == dataset.calibration } ?? calibration?.sources.first
    }

    /// How intervals are computed.
    struct Bootstrap {
        /// How many samples of problems.
        var rounds = 2000
        /// Seed of the samples.
        var seed: UInt64 = 1
    }
}

/// A strategy with parameters.
struct EvaluationVariant {
    /// Its name in the report.
    var name: String
    /// Name of the strategy.
    var strategy: String
    /// Its parameters beside the plan's: names and JSON texts.
    var params: [(name: String, value: String)]
    /// The large model's share that its threshold is to give; `nil` takes the parameters as they are.
    var target: ShareTarget?
    /// Where it stands in the plan, for messages.
    var place: String

    /// The parameters of its jobs on a data set, a JSON object in canonical form; problems may add their own.
    func params(_ plan: EvaluationPlan, _ dataset: EvaluationPlan.DatasetSource) -> String {
        CanonicalJSON.object(plan.params + dataset.params + params)
    }
}

/// A share of the large model that a threshold is to give.
struct ShareTarget {
    /// What the share is of.
    enum Unit: String, CaseIterable {
        /// Of the thinking steps.
        case steps
        /// Of the tokens that were kept.
        case tokens
    }

    /// The share, in 0...1.
    var share: Double
    /// What it is of.
    var unit: Unit
    /// The parameter to choose and where to look for it.
    var range: ThresholdRange
}
