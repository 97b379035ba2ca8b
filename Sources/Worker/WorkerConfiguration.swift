/// How a worker behaves. The defaults are meant for production; the lease times are the queue's.
public struct WorkerConfiguration: Sendable {
    /// Most jobs in flight at once.
    public var slots = 64
    /// Queues to claim from, in order of preference.
    public var queues = ["default"]
    /// Where to look for work when there was none: the delay doubles from the lower to the upper bound.
    public var pollDelay: ClosedRange<Duration> = .milliseconds(200) ... .seconds(5)
    /// Time between two heartbeats, at most; never more than a sixth of the lease.
    public var beatInterval = Duration.seconds(5)
    /// Time between two looks for jobs of lost workers, at most; never more than a sixth of the lease.
    public var sweepInterval = Duration.seconds(5)
    /// How long jobs in flight may go on after a request to stop, before they are handed back.
    public var drainGrace = Duration.seconds(30)
    /// Whether to hear wake-ups (`glimpq.wake`) on a session of its own. Not behind a transaction pooler.
    public var listens = false
    /// Folder for finished results that the database does not take, until it does; `nil` keeps them in memory only.
    public var spool: String?
    /// How long the database may take, once the worker has been told to stop, for what it must hear.
    public var lastWords = Duration.seconds(10)
    /// How long a worker that is too old for the database waits before it asks again.
    public var registrationInterval = Duration.seconds(30)
    /// Judges code; `nil` leaves it without a grade.
    public var codeGrader: CodeGrader?
    /// Whether to stop once no job of the queues is left to do.
    public var stopsWhenIdle = false

    /// Creates the default configuration.
    public init() {}
}
