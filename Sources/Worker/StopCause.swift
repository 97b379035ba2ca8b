/// Why a session is stopped from outside.
enum StopCause: Sendable, Hashable {
    /// Someone asked to cancel the job.
    case cancelRequested
    /// The database says that the job is not this worker's any more.
    case lost
    /// The job is past its deadline.
    case overdue
    /// The worker stops: the job goes back, to be resumed by another.
    case handBack
}
