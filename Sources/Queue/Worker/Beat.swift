/// What the database says about a worker when it renews its lease.
public struct Beat: Sendable, Hashable {
    /// When the renewal was sent, for ``LeaseClock/renew(sentAt:)``.
    public var sentAt: ContinuousClock.Instant
    /// The jobs that run for this worker, as the database sees it.
    public var jobs: [Job]

    /// One running job.
    public struct Job: Sendable, Hashable {
        /// Which claim.
        public var lease: JobLease
        /// Whether someone asked to cancel it.
        public var cancelRequested: Bool
        /// Time to its deadline, negative once it has passed; `nil` if it has none.
        public var remaining: Duration?

        /// Creates an entry.
        public init(lease: JobLease, cancelRequested: Bool = false, remaining: Duration? = nil) {
            self.lease = lease
            self.cancelRequested = cancelRequested
            self.remaining = remaining
        }
    }

    /// Creates a beat.
    public init(sentAt: ContinuousClock.Instant, jobs: [Job]) {
        self.sentAt = sentAt
        self.jobs = jobs
    }
}
