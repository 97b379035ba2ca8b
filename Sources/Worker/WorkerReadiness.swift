/// Whether a worker can take work now.
public enum WorkerReadiness: Sendable, Hashable {
    /// It holds a lease and claims.
    case ready
    /// It has not registered yet.
    case starting
    /// It has been told to stop.
    case draining
    /// Its lease may have run out, after as long without word from the database.
    case noLease(secondsSinceBeat: Double)

    /// Why it is not ready; `nil` if it is.
    public var reason: String? {
        switch self {
        case .ready: nil
        case .starting: "not registered yet: the database has not answered"
        case .draining: "draining: no new jobs are claimed"
        case .noLease(let seconds): "no lease: the last renewal was \(Int(seconds)) s ago"
        }
    }
}
