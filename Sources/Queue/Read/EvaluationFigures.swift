public import Postgres

/// What a cell of an evaluation achieved and cost; sums over its results.
public struct EvaluationFigures: Sendable, Hashable {
    /// The cell.
    public var cell: EvaluationCell
    /// Problems times seeds.
    public var tasks: Int
    /// Tasks with a result.
    public var results: Int
    /// Results that were graded.
    public var graded: Int
    /// Results that are right.
    public var correct: Int
    /// Thinking steps.
    public var steps: Int
    /// Of these, the large model's.
    public var llmSteps: Int
    /// Kept tokens of the small model.
    public var slmTokens: Int
    /// Kept tokens of the large model.
    public var llmTokens: Int
    /// Tokens of the small model that were thrown away.
    public var slmDiscarded: Int
    /// Tokens of the large model that were thrown away.
    public var llmDiscarded: Int
    /// Probes of the small model.
    public var probes: Int
    /// Context tokens that the small model computed.
    public var slmPrefill: Int
    /// Context tokens that the large model computed.
    public var llmPrefill: Int
    /// Parameters of the small model.
    public var slmParameters: Int
    /// Parameters of the large model.
    public var llmParameters: Int
    /// Time in which models worked on each result, in nanoseconds, ascending.
    public var activeNanoseconds: [Int64]
    /// Time from first claim to last result, added up over worker processes.
    public var wallSeconds: Double
    /// Worker processes that took part.
    public var workers: Int
    /// How often thinking ended for which reason.
    public var stops: [String: Int]
    /// How often the answer ended for which reason.
    public var finishes: [String: Int]
    /// The first claim.
    public var firstClaimedAt: Timestamp?
    /// The last result.
    public var lastFinishedAt: Timestamp?
    /// Machines.
    public var hosts: [String]
    /// Versions of the program that computed results.
    public var versions: [String]
    /// Names and fingerprints of the models that computed results.
    public var models: [String]
    /// What the traces tell besides; empty until it is read.
    public var accounts = EvaluationAccounts()

    init(_ row: Row) throws {
        cell = EvaluationCell(
            number: try row.get("cell"),
            purpose: EvaluationCell.Purpose(rawValue: try row.get("purpose")) ?? .measurement,
            variant: try row.get("variant"), dataset: try row.get("dataset"), strategy: try row.get("strategy"),
            params: try row.get("params"), inFlight: try row.get("in_flight"))
        tasks = try row.get("tasks")
        results = try row.get("results")
        graded = try row.get("graded")
        correct = try row.get("correct")
        steps = try row.get("steps")
        llmSteps = try row.get("llm_steps")
        slmTokens = try row.get("slm_tokens")
        llmTokens = try row.get("llm_tokens")
        slmDiscarded = try row.get("slm_discarded")
        llmDiscarded = try row.get("llm_discarded")
        probes = try row.get("probes")
        slmPrefill = try row.get("slm_prefill")
        llmPrefill = try row.get("llm_prefill")
        slmParameters = try row.get("slm_parameters")
        llmParameters = try row.get("llm_parameters")
        activeNanoseconds = try row.get("active_ns")
        wallSeconds = try row.get("wall_seconds")
        workers = try row.get("workers")
        stops = try JSONCounts.parse(try row.get("stops"))
        finishes = try JSONCounts.parse(try row.get("finishes"))
        firstClaimedAt = try row.get("first_claimed_at")
        lastFinishedAt = try row.get("last_finished_at")
        hosts = try row.get("hosts")
        versions = try row.get("versions")
        models = try row.get("models")
    }
}

/// How far a cell is.
public struct EvaluationState: Sendable, Hashable {
    /// Number of the cell.
    public var cell: Int
    /// Problems times seeds.
    public var tasks: Int
    /// Tasks with a result.
    public var done: Int
    /// Tasks whose job waits or runs.
    public var open: Int
    /// Tasks whose job ended without a result.
    public var endedBadly: Int
}

/// Why tasks ended without a result.
public struct EvaluationFault: Sendable, Hashable {
    /// Name of the variant.
    public var variant: String
    /// Name of the data set.
    public var dataset: String
    /// Class of the last error.
    public var errorClass: String
    /// Text of the last error.
    public var message: String?
    /// How many jobs.
    public var jobs: Int
}

/// Which problems a variant solved.
public struct EvaluationGrades: Sendable, Hashable {
    /// Name of the variant.
    public var variant: String
    /// Name of the data set.
    public var dataset: String
    /// Problem of each result.
    public var problems: [Int]
    /// Seed of each result.
    public var seeds: [Int64]
    /// Whether each result is right.
    public var correct: [Bool]
}

/// A step that a variant wrote.
public struct EvaluationStep: Sendable, Hashable {
    /// Place of the problem in its data set.
    public var problem: Int
    /// Seed of the job.
    public var seed: Int64
    /// Whether the large model wrote it.
    public var isLarge: Bool
    /// Whether it is thinking, not the answer.
    public var isThinking: Bool
    /// Which rule chose the writer.
    public var rule: String?
    /// Entropy of the first token in nats, where the step was probed.
    public var initialEntropy: Double?
    /// Mean entropy of its tokens in nats.
    public var meanEntropy: Double?
    /// Mean natural-log probability of its tokens.
    public var meanLogProbability: Double?
    /// The text.
    public var text: String

    /// Creates a step.
    public init(
        problem: Int, seed: Int64, isLarge: Bool, isThinking: Bool, rule: String?, initialEntropy: Double?,
        meanEntropy: Double?, meanLogProbability: Double?, text: String
    ) {
        self.problem = problem
        self.seed = seed
        self.isLarge = isLarge
        self.isThinking = isThinking
        self.rule = rule
        self.initialEntropy = initialEntropy
        self.meanEntropy = meanEntropy
        self.meanLogProbability = meanLogProbability
        self.text = text
    }
}

extension EvaluationStore {
    /// What each cell achieved and cost.
    ///
    /// - Throws: `PostgresError`.
    public func figures(of evaluation: Int64) async throws -> [EvaluationFigures] {
        try await read("SELECT * FROM glimpq.evaluation_figures_v1($1)", [evaluation]).map(EvaluationFigures.init)
    }

    /// How far each cell is.
    ///
    /// - Throws: `PostgresError`.
    public func states(of evaluation: Int64) async throws -> [EvaluationState] {
        try await read("SELECT * FROM glimpq.evaluation_states_v1($1)", [evaluation]).map { row in
            EvaluationState(
                cell: try row.get("cell"), tasks: try row.get("tasks"), done: try row.get("done"),
                open: try row.get("open"), endedBadly: try row.get("ended_badly"))
        }
    }

    /// Why tasks ended without a result, the most frequent first.
    ///
    /// - Throws: `PostgresError`.
    public func faults(of evaluation: Int64) async throws -> [EvaluationFault] {
        try await read("SELECT * FROM glimpq.evaluation_faults_v1($1)", [evaluation]).map { row in
            EvaluationFault(
                variant: try row.get("variant"), dataset: try row.get("dataset"),
                errorClass: try row.get("error_class"), message: try row.get("message"), jobs: try row.get("jobs"))
        }
    }

    /// How many answers were computed twice, for the report and for times, and how many of them differ.
    ///
    /// - Throws: `PostgresError`.
    public func agreement(of evaluation: Int64) async throws -> (compared: Int, different: Int) {
        let row = try await read("SELECT * FROM glimpq.evaluation_agreement_v1($1)", [evaluation]).one()
        return (try row.get("compared"), try row.get("different"))
    }

    /// Which problems each variant solved.
    ///
    /// - Throws: `PostgresError`.
    public func grades(of evaluation: Int64) async throws -> [EvaluationGrades] {
        try await read("SELECT * FROM glimpq.evaluation_grades_v1($1)", [evaluation]).map { row in
            EvaluationGrades(
                variant: try row.get("variant"), dataset: try row.get("dataset"), problems: try row.get("problems"),
                seeds: try row.get("seeds"), correct: try row.get("correct"))
        }
    }

    /// The steps of a variant on a data set, problem by problem and seed by seed.
    ///
    /// - Throws: `PostgresError`.
    public func steps(variant: String, dataset: String, of evaluation: Int64) async throws -> [EvaluationStep] {
        try await read(
            "SELECT * FROM glimpq.evaluation_steps_v1($1, $2, $3)", [evaluation, variant, dataset]
        ).map { row in
            EvaluationStep(
                problem: try row.get("problem"), seed: try row.get("seed"),
                isLarge: try row.get("owner", as: String.self) == "llm",
                isThinking: try row.get("kind", as: String.self) == "thinking", rule: try row.get("rule"),
                initialEntropy: try row.get("h_init"), meanEntropy: try row.get("mean_entropy"),
                meanLogProbability: try row.get("mean_logprob"), text: try row.get("text"))
        }
    }

    private func read(_ sql: String, _ values: [any PostgresEncodable]) async throws -> Rows {
        try await connection.run("read evaluation", attempts: 3) { connection in
            try await connection.query(sql, values)
        }
    }
}
