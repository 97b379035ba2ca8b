/// What a worker tells about itself when it starts.
public struct WorkerRegistration: Sendable, Hashable {
    /// Which server functions this program calls; rises when they change in a way that matters.
    public static let protocolVersion: Int32 = 2

    /// Name of the machine.
    public var host: String
    /// The process.
    public var processID: Int32
    /// The program's version.
    public var version: String
    /// How many jobs it can have in flight.
    public var capacity: Int
    /// Queues it claims from, the preferred one first.
    public var queues: [String]
    /// Model pairs it can serve.
    public var pairs: [String]
    /// The pair of jobs that name none.
    public var defaultPair: String?
    /// The models of each pair, a JSON object `{pair: {"slm": {"name", "fingerprint"}, "llm": …}}`: steps that other
    /// models wrote are not gone on from. `nil` tells nothing.
    public var models: String?
    /// The number under which the same process was known until it was declared lost.
    public var previous: Int64?

    /// Creates a registration.
    public init(
        host: String, processID: Int32, version: String, capacity: Int, queues: [String] = ["default"], pairs: [String],
        defaultPair: String? = nil, models: String? = nil
    ) {
        self.host = host
        self.processID = processID
        self.version = version
        self.capacity = capacity
        self.queues = queues
        self.pairs = pairs
        self.defaultPair = defaultPair
        self.models = models
    }

    /// The same process after it was declared lost.
    public func following(_ worker: Int64) -> WorkerRegistration {
        var copy = self
        copy.previous = worker
        return copy
    }
}

/// A worker's identity, new for every registration, and the terms of its lease.
public struct RegisteredWorker: Sendable, Hashable {
    /// The worker's number.
    public var id: Int64
    /// How long its lease holds from a renewal.
    public var timeToLive: Duration
    /// When the registration was sent; the first renewal for a ``LeaseClock``.
    public var registeredAt: ContinuousClock.Instant
    /// Names the database; job numbers mean something only together with it.
    public var databaseID: String

    /// Creates an identity.
    public init(id: Int64, timeToLive: Duration, registeredAt: ContinuousClock.Instant, databaseID: String = "") {
        self.id = id
        self.timeToLive = timeToLive
        self.registeredAt = registeredAt
        self.databaseID = databaseID
    }

    /// A clock for the lease that the registration gave.
    public var leaseClock: LeaseClock { LeaseClock(timeToLive: timeToLive, renewedAt: registeredAt) }
}
