/// How long repetitions of one call took.
struct LatencySamples: Sendable {
    private(set) var milliseconds: [Double] = []

    /// Takes one in.
    mutating func append(_ duration: Duration) { milliseconds.append(duration / .milliseconds(1)) }

    /// Takes others in.
    mutating func append(contentsOf others: LatencySamples) { milliseconds += others.milliseconds }

    /// The time in milliseconds that a share of the calls did not exceed (nearest rank); `nil` without calls.
    func quantile(_ share: Double) -> Double? {
        guard !milliseconds.isEmpty else { return nil }
        let rank = Int((share * Double(milliseconds.count)).rounded(.up))
        return milliseconds.sorted()[min(max(rank, 1), milliseconds.count) - 1]
    }
}
