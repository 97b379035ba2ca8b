/// Decides how many jobs to ask for and how long to wait in between.
struct ClaimPacing {
    private let slots: Int
    private let bounds: ClosedRange<Duration>
    private var delay: Duration
    /// Most jobs to ask for at once; less than `slots` for a while after a claim that took too long.
    private(set) var most: Int

    /// Creates a pace for a worker with `slots` sessions.
    init(slots: Int, delay bounds: ClosedRange<Duration>) {
        self.slots = slots
        self.bounds = bounds
        delay = bounds.lowerBound
        most = slots
    }

    /// How many jobs to ask for with `free` slots, or `nil` to wait for more: a claim per finished job would be many
    /// round trips for little.
    func request(free: Int) -> Int? {
        free >= max(1, slots / 8) ? min(free, most) : nil
    }

    /// Takes note of a claim that took too long: the next one asks for half as many.
    ///
    /// - Parameter jitter: A number in 0..<1.
    /// - Returns: How long to wait before asking again.
    mutating func timedOut(requested: Int, jitter: Double) -> Duration {
        most = max(1, min(most, requested) / 2)
        return bounds.lowerBound * (0.7 + 0.6 * jitter)
    }

    /// Looks for jobs soon: somebody says that there are some.
    mutating func wake() { delay = bounds.lowerBound }

    /// Takes note of an answer.
    ///
    /// - Parameter jitter: A number in 0..<1, so that a fleet does not poll in step.
    /// - Returns: How long to wait before asking again: nothing after a full answer, else longer and longer.
    mutating func answered(requested: Int, received: Int, jitter: Double) -> Duration {
        most = min(slots, most + max(1, slots / 16))
        if received >= requested {
            delay = bounds.lowerBound
            return .zero
        }
        if received > 0 { delay = bounds.lowerBound }
        defer { delay = min(delay * 2, bounds.upperBound) }
        return delay * (0.7 + 0.6 * jitter)
    }
}
