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

    /// Jobs that an answer showed and that were not held, with the number of claims begun by then.
    private var suspects: [JobLease: UInt64] = [:]

    /// Creates a reconciler.
    public init() {}

    /// What to do after a beat.
    ///
    /// - Parameters:
    ///   - beat: The database's answer.
    ///   - held: What the worker held *when the beat was sent*.
    ///   - claimsEnded: Number of claims that had ended, their jobs noted as held, before `held` was looked at.
    ///   - claimsBegun: Number of claims that had begun when the answer came. A job that an answer shows and that is
    ///     not held may come from a claim whose reply is on its way; once every claim begun by then has ended and it
    ///     is still not held, its reply was lost. Claims run one at a time.
    public mutating func reconcile(
        _ beat: Beat, held: Set<JobLease>, claimsEnded: UInt64, claimsBegun: UInt64
    ) -> Verdict {
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
        let unknown = known.subtracting(held)
        for lease in unknown where suspects[lease].map({ claimsEnded >= $0 }) ?? false {
            verdict.orphaned.append(lease)
        }
        verdict.orphaned.sort()
        suspects = Dictionary(
            uniqueKeysWithValues: unknown.subtracting(verdict.orphaned).map { ($0, suspects[$0] ?? claimsBegun) })
        return verdict
    }
}
