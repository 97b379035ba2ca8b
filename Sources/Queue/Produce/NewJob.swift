/// A job to enqueue.
public struct NewJob: Sendable, Hashable {
    /// The problem as text; give either this or ``messages``.
    public var prompt: String?
    /// The problem as JSON: an array of `{"role", "content"}` with roles `system`, `user`, `assistant`.
    public var messages: String?
    /// The producer's key, unique within the batch: a job whose key is taken is skipped as a duplicate.
    public var customID: String?
    /// Name of the strategy.
    public var strategy: String
    /// Name of the model pair; `nil` takes the worker's default.
    public var pair: String?
    /// Parameters of strategy, sampling and budgets: a JSON object.
    public var params: String
    /// Seed of all random draws; `nil` takes the job's id.
    public var seed: UInt64?
    /// What the answer should be.
    public var referenceAnswer: String?
    /// Anything the producer wants to find again: a JSON object.
    public var metadata: String?
    /// Higher goes first.
    public var priority: Int16
    /// Name of the queue.
    public var queue: String
    /// Who pays, for cost views.
    public var tenant: String?
    /// How many attempts it has, 1...100.
    public var maximumAttempts: Int16
    /// How long an attempt may take, in seconds; `nil` takes the queue's default.
    public var timeoutSeconds: Double?

    /// Creates a job.
    public init(
        prompt: String? = nil, messages: String? = nil, customID: String? = nil, strategy: String = "glimprouter",
        pair: String? = nil, params: String = "{}", seed: UInt64? = nil, referenceAnswer: String? = nil,
        metadata: String? = nil, priority: Int16 = 0, queue: String = "default", tenant: String? = nil,
        maximumAttempts: Int16 = 3, timeoutSeconds: Double? = nil
    ) {
        self.prompt = prompt
        self.messages = messages
        self.customID = customID
        self.strategy = strategy
        self.pair = pair
        self.params = params
        self.seed = seed
        self.referenceAnswer = referenceAnswer
        self.metadata = metadata
        self.priority = priority
        self.queue = queue
        self.tenant = tenant
        self.maximumAttempts = maximumAttempts
        self.timeoutSeconds = timeoutSeconds
    }
}
