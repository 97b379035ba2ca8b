/// Tells a worker, by its own monotonic clock, whether its lease can still be in force. A worker that cannot reach the
/// database fences itself: it stops starting work before the others take its jobs away.
///
/// A renewal counts from the moment it was *sent*, so this clock never runs behind the database's.
public struct LeaseClock: Sendable, Hashable {
    /// How long a lease holds from its renewal.
    public var timeToLive: Duration
    /// How long before its end the worker stops starting work.
    public var margin: Duration
    private var renewed: ContinuousClock.Instant

    /// Starts with a lease that was asked for at an instant.
    public init(timeToLive: Duration, margin: Duration = .seconds(10), renewedAt instant: ContinuousClock.Instant) {
        self.timeToLive = timeToLive
        self.margin = min(margin, timeToLive / 2)
        renewed = instant
    }

    /// Notes a renewal whose request was sent at an instant.
    public mutating func renew(sentAt instant: ContinuousClock.Instant) { renewed = max(renewed, instant) }

    /// Whether the worker may claim and begin work.
    public func mayStartWork(at now: ContinuousClock.Instant) -> Bool {
        now - renewed < timeToLive - margin
    }

    /// Whether the lease has surely run out unless a renewal is on its way.
    public func hasExpired(at now: ContinuousClock.Instant) -> Bool { now - renewed >= timeToLive }
}
