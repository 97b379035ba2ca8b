internal import Postgres

/// A finished job and what was probed before its steps: what thresholds are calibrated from.
public struct ProbedJob: Sendable, Hashable {
    /// What thresholds belong to; they do not carry over from one to another.
    public struct Key: Sendable, Hashable {
        /// Name of the model pair.
        public var pair: String
        /// The small model's fingerprint.
        public var slmFingerprint: String
        /// How the prompt was rendered: `model` or `raw`.
        public var template: String
        /// The kind of problem; empty if the producer did not say.
        public var task: String

        /// Creates a key.
        public init(pair: String, slmFingerprint: String, template: String, task: String) {
            self.pair = pair
            self.slmFingerprint = slmFingerprint
            self.template = template
            self.task = task
        }
    }

    /// One probed thinking step.
    public struct Step: Sendable, Hashable {
        /// Place in the trace.
        public var index: Int
        /// Entropy of the first token's distribution, in nats.
        public var entropy: Double
        /// Whether the large model wrote the step.
        public var isLLM: Bool
        /// Tokens of the step.
        public var tokens: Int
        /// The step.
        public var text: String

        /// Creates a step.
        public init(index: Int, entropy: Double, isLLM: Bool, tokens: Int, text: String = "") {
            self.index = index
            self.entropy = entropy
            self.isLLM = isLLM
            self.tokens = tokens
            self.text = text
        }
    }

    /// What its threshold belongs to.
    public var key: Key
    /// Number of the job.
    public var job: Int64
    /// The producer's key.
    public var customID: String?
    /// The threshold that it ran with; `nil` if that changed from step to step.
    public var tau: Double?
    /// Whether the answer was right; `nil` without a grade.
    public var isCorrect: Bool?
    /// Hash of what was asked: jobs of one problem are alike. `nil` if that is not known.
    public var problem: String?
    /// The probed steps, in order.
    public var steps: [Step]

    /// Creates a job.
    public init(
        key: Key, job: Int64, customID: String? = nil, tau: Double? = nil, isCorrect: Bool? = nil,
        problem: String? = nil, steps: [Step]
    ) {
        self.key = key
        self.job = job
        self.customID = customID
        self.tau = tau
        self.isCorrect = isCorrect
        self.problem = problem
        self.steps = steps
    }
}

/// Which jobs a calibration reads.
public struct ProbedJobFilter: Sendable, Hashable {
    /// Names of batches; empty for all.
    public var batches: [String] = []
    /// Name of a pair.
    public var pair: String?
    /// A kind of problem.
    public var task: String?
    /// Most jobs, the latest first.
    public var most = 20_000
    /// Whether the steps' texts are wanted.
    public var withTexts = false

    /// All jobs.
    public init() {}
}

extension QueueReader {
    /// Finished jobs of the strategy `glimprouter` with their probed steps, the latest first. Steps that only go on where
    /// the one before was cut are left out: nothing was decided there.
    public func probedJobs(_ filter: ProbedJobFilter) async throws -> [ProbedJob] {
        let rows = try await rows(
            """
            SELECT r.pair, coalesce(r.slm_fingerprint, '') AS slm_fingerprint,
                coalesce(j.params ->> 'template', 'model') AS template, coalesce(j.params ->> 'task', '') AS task,
                r.job_id, j.custom_id, r.correct, md5(coalesce(j.prompt, j.messages::text)) AS problem, s.*
            FROM (
                SELECT r.* FROM glimpq.result r JOIN glimpq.job j ON j.id = r.job_id
                WHERE r.strategy = 'glimprouter' AND ($1::text IS NULL OR r.pair = $1)
                    AND ($2::text IS NULL OR coalesce(j.params ->> 'task', '') = $2)
                    AND (cardinality($3::text[]) = 0
                        OR j.batch_id IN (SELECT b.id FROM glimpq.batch b WHERE b.name = ANY ($3)))
                ORDER BY r.finished_at DESC, r.job_id DESC LIMIT $4) r
            JOIN glimpq.job j ON j.id = r.job_id
            JOIN glimpq.attempt a ON a.job_id = r.job_id AND a.epoch = r.epoch
            CROSS JOIN LATERAL (
                SELECT array_agg(s.seq ORDER BY s.seq) AS seqs, array_agg(s.h_init ORDER BY s.seq) AS entropies,
                    array_agg(s.owner = 'llm' ORDER BY s.seq) AS llm, array_agg(s.tokens_kept ORDER BY s.seq) AS tokens,
                    CASE WHEN $5 THEN array_agg(s.text ORDER BY s.seq) END AS texts,
                    CASE WHEN min(s.threshold) = max(s.threshold) THEN min(s.threshold) END AS tau
                FROM unnest(a.chain_epochs, a.chain_starts, a.chain_starts[2:]) AS c(epoch, first, next)
                JOIN glimpq.step s ON s.job_id = j.id AND s.day = (j.created_at AT TIME ZONE 'UTC')::date
                    AND s.epoch = c.epoch AND s.seq >= c.first AND (c.next IS NULL OR s.seq < c.next)
                WHERE s.kind = 'thinking' AND s.h_init IS NOT NULL AND s.rule <> 'continuation') s
            WHERE s.seqs IS NOT NULL
            ORDER BY r.finished_at DESC, r.job_id DESC
            """, [filter.pair, filter.task, filter.batches, Int64(filter.most), filter.withTexts])
        return try rows.map { try ProbedJob($0) }
    }
}

extension ProbedJob {
    fileprivate init(_ row: Row) throws {
        let entropies: [Double] = try row.get("entropies")
        let owners: [Bool] = try row.get("llm")
        let tokens: [Int] = try row.get("tokens")
        let places: [Int] = try row.get("seqs")
        let texts = try row.get("texts", as: [String]?.self)
        self.init(
            key: Key(
                pair: try row.get("pair"), slmFingerprint: try row.get("slm_fingerprint"),
                template: try row.get("template"), task: try row.get("task")),
            job: try row.get("job_id"), customID: try row.get("custom_id"), tau: try row.get("tau"),
            isCorrect: try row.get("correct"), problem: try row.get("problem"),
            steps: entropies.indices.map { place in
                Step(
                    index: places[place], entropy: entropies[place], isLLM: owners[place], tokens: tokens[place],
                    text: texts?[place] ?? "")
            })
    }
}
