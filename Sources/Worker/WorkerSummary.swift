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
