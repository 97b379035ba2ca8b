internal import Postgres

/// What a sweep did.
public struct SweepReport: Sendable, Hashable {
    /// Workers whose lease had run out.
    public var workersLost = 0
    /// Jobs that went back.
    public var requeued = 0
    /// Jobs whose budgets were spent.
    public var failed = 0
    /// Jobs that killed too many workers.
    public var quarantined = 0
    /// Jobs that were to be cancelled anyway.
    public var cancelled = 0
    /// Delayed jobs that became ready.
    public var promoted = 0
    /// Ready jobs that waiting has raised by one priority.
    public var aged = 0
    /// Trace partitions created.
    public var partitionsCreated = 0

    /// Creates an empty report.
    public init() {}

    init(_ row: Row) throws {
        workersLost = try row.get("workers_lost")
        requeued = try row.get("requeued")
        failed = try row.get("failed")
        quarantined = try row.get("quarantined")
        cancelled = try row.get("cancelled")
        promoted = try row.get("promoted")
        aged = try row.get("aged")
        partitionsCreated = try row.get("partitions")
    }
}
