/// A job that is given back unfinished, its attempt refunded.
public struct ReleasedJob: Sendable, Hashable {
    /// Job and epoch.
    public var lease: JobLease
    /// Steps that this attempt wrote.
    public var stepsWritten: Int

    /// Creates an entry.
    public init(_ lease: JobLease, stepsWritten: Int = 0) {
        self.lease = lease
        self.stepsWritten = stepsWritten
    }
}
