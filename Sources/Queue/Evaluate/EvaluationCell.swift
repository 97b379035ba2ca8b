internal import Postgres

/// A strategy with parameters on a data set, at one number of jobs in flight: what an evaluation measures as one.
public struct EvaluationCell: Sendable, Hashable {
    /// What the results of a cell are for.
    public enum Purpose: String, Sendable, Hashable {
        /// What the report says, times apart.
        case measurement
        /// What the report says about times.
        case timing
        /// The search for a threshold.
        case calibration
    }

    /// Its number within the evaluation.
    public var number: Int
    /// What it is for.
    public var purpose: Purpose
    /// Name of the variant that it belongs to.
    public var variant: String
    /// Name of the data set.
    public var dataset: String
    /// Name of the strategy.
    public var strategy: String
    /// Its parameters, a JSON object.
    public var params: String
    /// How many jobs a worker has in flight meanwhile.
    public var inFlight: Int

    /// Creates a cell.
    public init(
        number: Int, purpose: Purpose = .measurement, variant: String, dataset: String, strategy: String,
        params: String, inFlight: Int
    ) {
        self.number = number
        self.purpose = purpose
        self.variant = variant
        self.dataset = dataset
        self.strategy = strategy
        self.params = params
        self.inFlight = inFlight
    }

    static let columns = "evaluation_id, cell, in_flight, purpose, variant, dataset, strategy, params"

    func encode(into encoder: inout CopyTextEncoder, evaluation: Int64) {
        encoder.append(String(evaluation))
        encoder.append(String(number))
        encoder.append(String(inFlight))
        encoder.append(purpose.rawValue)
        encoder.append(variant)
        encoder.append(dataset)
        encoder.append(strategy)
        encoder.append(params)
        encoder.endRow()
    }
}

/// One problem under one seed within a cell.
public struct EvaluationTask: Sendable, Hashable {
    /// Number of the cell.
    public var cell: Int
    /// Place of the problem in its data set, 0-based.
    public var problem: Int
    /// Seed of all random draws.
    public var seed: UInt64

    /// Creates a task.
    public init(cell: Int, problem: Int, seed: UInt64) {
        self.cell = cell
        self.problem = problem
        self.seed = seed
    }

    static let columns = "evaluation_id, cell, problem, seed, key"

    func encode(into encoder: inout CopyTextEncoder, evaluation: Int64, key: String) {
        encoder.append(String(evaluation))
        encoder.append(String(cell))
        encoder.append(String(problem))
        encoder.append(String(Int64(bitPattern: seed)))
        encoder.append(key)
        encoder.endRow()
    }
}
