/// Observations counted by size.
public struct Histogram: Sendable, Hashable {
    /// Upper bounds of the buckets, inclusive, rising; one without a bound follows.
    public let bounds: [Double]
    private var counts: [UInt64]
    /// Sum of all observations.
    public private(set) var sum = 0.0

    /// Creates an empty histogram.
    public init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must rise")
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// For round trips to a database, in seconds: 1 ms to 30 s.
    public static let roundTrips = Histogram(
        bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30])

    /// For numbers of jobs at once: 0 to 1024.
    public static let batchSizes = Histogram(bounds: [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])

    /// For whole jobs, in seconds: 100 ms to an hour.
    public static let jobs = Histogram(bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600])

    /// Number of observations.
    public var count: UInt64 { counts.reduce(0, +) }

    /// Takes an observation.
    public mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// Observations up to each bound, the last one infinite.
    var cumulative: [(bound: Double, count: UInt64)] {
        var total: UInt64 = 0
        return zip(bounds + [.infinity], counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }
}
