internal import FoundationEssentials
internal import Postgres

/// What a job that asks for a target intervention rate is calibrated by.
public struct ThresholdRequest: Sendable, Hashable {
    /// Name of the model pair.
    public var pair: String
    /// The small model's fingerprint: another model needs another threshold under the same name.
    public var slmFingerprint: String
    /// How the prompt is rendered: `model` or `raw`.
    public var template: String
    /// The kind of problem, in the producer's words; empty if not said.
    public var task: String
    /// Share of steps that the large model is to write, above 0 and below 1.
    public var rate: Double

    /// Creates a request.
    public init(pair: String, slmFingerprint: String, template: String, task: String, rate: Double) {
        self.pair = pair
        self.slmFingerprint = slmFingerprint
        self.template = template
        self.task = task
        self.rate = rate
    }
}

extension QueueClient {
    /// The threshold (nats) that a job goes by, decided at its first start and the same ever after; `nil` if too little
    /// was known then, or if the job began in a worker that knows nothing of this.
    ///
    /// - Parameters:
    ///   - lease: The claim.
    ///   - request: What the job asks for.
    ///   - hasSteps: Whether it goes on from steps of earlier attempts.
    public func pinThreshold(
        _ lease: JobLease, _ request: ThresholdRequest, hasSteps: Bool
    ) async throws -> Double? {
        struct Pinned: Decodable { var tau: Double? }
        let text = try await work.run("pin_threshold") { connection in
            try await connection.query(
                prepared: "SELECT glimpq.pin_threshold_v1($1, $2, $3, $4, $5, $6, $7, $8)::text",
                [
                    lease.job, lease.epoch, request.pair, request.slmFingerprint, request.template, request.task,
                    request.rate, hasSteps,
                ]
            ).one().get(0, as: String?.self)
        }
        return try text.flatMap { try JSONDecoder().decode(Pinned.self, from: Data($0.utf8)).tau }
    }
}
