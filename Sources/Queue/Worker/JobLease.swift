/// One claim of one job: the epoch is the fencing token that every write about the job must name.
public struct JobLease: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The job.
    public var job: Int64
    /// The claim; rises with each.
    public var epoch: Int64

    /// Creates a lease.
    public init(job: Int64, epoch: Int64) {
        self.job = job
        self.epoch = epoch
    }

    /// Job and epoch, e.g. `17@2`.
    public var description: String { "\(job)@\(epoch)" }

    /// By job, then epoch.
    public static func < (a: JobLease, b: JobLease) -> Bool { (a.job, a.epoch) < (b.job, b.epoch) }
}
