/// Waiting times between attempts to reach a database: exponential with a ceiling and jitter.
public struct Backoff: Sendable, Hashable {
    /// The first waiting time.
    public var initial: Duration
    /// The longest waiting time before jitter.
    public var ceiling: Duration
    /// Share of a waiting time by which it may be shorter or longer.
    public var jitter: Double
    private var next: Duration

    /// Creates a backoff.
    public init(initial: Duration = .milliseconds(100), ceiling: Duration = .seconds(5), jitter: Double = 0.3) {
        precondition(initial > .zero && ceiling >= initial && (0...1).contains(jitter))
        self.initial = initial
        self.ceiling = ceiling
        self.jitter = jitter
        next = initial
    }

    /// How long to wait before the next attempt; doubles with every call.
    ///
    /// - Parameter random: A number in 0..<1.
    public mutating func delay(random: Double) -> Duration {
        let base = next
        next = min(base * 2, ceiling)
        return base * (1 + jitter * (2 * random - 1))
    }

    /// Starts again from the first waiting time.
    public mutating func reset() { next = initial }
}
