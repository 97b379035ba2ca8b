public import Engine

/// What a worker has done between start and stop.
public struct WorkerSummary: Sendable, Codable {
    /// Jobs with an accepted result.
    public var done = 0
    /// Jobs whose attempt failed.
    public var failed = 0
    /// Jobs that were cancelled on request.
    public var cancelled = 0
    /// Jobs given back unfinished.
    public var handedBack = 0
    /// Jobs taken away, and results that came too late.
    public var lost = 0
    /// Jobs of which the database did not hear how they ended; they run again.
    public var unconfirmed = 0
    /// Results that the worker left in its spool because the database did not answer.
    public var spooled = 0
    /// Jobs that went on under a new lease after the old one was lost.
    public var adopted = 0
    /// Jobs stopped for their deadline, among the failed ones.
    public var overdue = 0
    /// Results that the database took.
    public var accepted = 0
    /// Results that it had already.
    public var duplicate = 0
    /// Results that it did not want any more.
    public var stale = 0
    /// How often the worker was declared lost and registered again.
    public var leasesLost = 0
    /// Claims asked for.
    public var claims = 0
    /// Jobs received.
    public var claimed = 0
    /// Claims that took longer than they may.
    public var claimTimeouts = 0
    /// Seconds from registration to the end.
    public var seconds = 0.0
    /// Bytes that the pool was to take with full caches.
    public var plannedBytes = 0
    /// Most bytes that the process took; `nil` where the system does not say.
    public var peakBytes: Int?
    /// What the models did, by name.
    public var models: [String: ModelMetrics] = [:]

    /// Creates an empty summary.
    public init() {}
}
