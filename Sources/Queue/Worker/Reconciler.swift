/// Compares what a worker believes to hold with what the database says, beat by beat.
public struct Reconciler: Sendable {
    /// What follows from one beat.
    public struct Verdict: Sendable, Hashable {
        /// Held in memory but not any more in the database: stop the work and drop it.
        public var lost: [JobLease] = []
        /// Someone asked to cancel these.
        public var cancelled: [JobLease] = []
        /// Past their deadline.
        public var overdue: [JobLease] = []
        /// Running for this worker in the database but unknown to it: a claim whose reply was lost. Release them.
        public var orphaned: [JobLease] = []

        /// Creates a verdict.
        public init() {}
    }

    private var suspects: Set<JobLease> = []

    /// Creates a reconciler.
    public init() {}

    /// What to do after a beat.
    ///
    /// - Parameters:
    ///   - beat: The database's answer.
    ///   - held: What the worker held *when the beat was sent*.
    ///   - claimInFlight: Whether a claim was under way at any time since the previous beat; the reply may still be
    ///     on its way, so nothing counts as orphaned then. A job is orphaned when two beats in a row show it.
    public mutating func reconcile(_ beat: Beat, held: Set<JobLease>, claimInFlight: Bool) -> Verdict {
        var verdict = Verdict()
        let known = Set(beat.jobs.map(\.lease))
        verdict.lost = held.subtracting(known).sorted()
        for job in beat.jobs where held.contains(job.lease) {
            if job.cancelRequested {
                verdict.cancelled.append(job.lease)
            } else if let remaining = job.remaining, remaining <= .zero {
                verdict.overdue.append(job.lease)
            }
        }
        let unknown = claimInFlight ? [] : known.subtracting(held)
        verdict.orphaned = unknown.intersection(suspects).sorted()
        suspects = unknown.subtracting(verdict.orphaned)
        return verdict
    }
}
