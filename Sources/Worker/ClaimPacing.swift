/// Decides how many jobs to ask for and how long to wait in between.
struct ClaimPacing {
    private let slots: Int
    private let bounds: ClosedRange<Duration>
    private var delay: Duration

    /// Creates a pace for a worker with `slots` sessions.
    init(slots: Int, delay bounds: ClosedRange<Duration>) {
        self.slots = slots
        self.bounds = bounds
        delay = bounds.lowerBound
    }

    /// How many jobs to ask for with `free` slots, or `nil` to wait for more: a claim per finished job would be many
    /// round trips for little.
    func request(free: Int) -> Int? {
        free >= max(1, slots / 8) ? free : nil
    }

    /// Takes note of an answer.
    ///
    /// - Parameter jitter: A number in 0..<1, so that a fleet does not poll in step.
    /// - Returns: How long to wait before asking again: nothing after a full answer, else longer and longer.
    mutating func answered(requested: Int, received: Int, jitter: Double) -> Duration {
        if received >= requested {
            delay = bounds.lowerBound
            return .zero
        }
        if received > 0 { delay = bounds.lowerBound }
        defer { delay = min(delay * 2, bounds.upperBound) }
        return delay * (0.7 + 0.6 * jitter)
    }
}
