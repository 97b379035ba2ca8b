/// What a worker tells about itself when it starts.
public struct WorkerRegistration: Sendable, Hashable {
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

    /// Creates a registration.
    public init(
        host: String, processID: Int32, version: String, capacity: Int, queues: [String] = ["default"], pairs: [String]
    ) {
        self.host = host
        self.processID = processID
        self.version = version
        self.capacity = capacity
        self.queues = queues
        self.pairs = pairs
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

    /// Creates an identity.
    public init(id: Int64, timeToLive: Duration, registeredAt: ContinuousClock.Instant) {
        self.id = id
        self.timeToLive = timeToLive
        self.registeredAt = registeredAt
    }

    /// A clock for the lease that the registration gave.
    public var leaseClock: LeaseClock { LeaseClock(timeToLive: timeToLive, renewedAt: registeredAt) }
}
