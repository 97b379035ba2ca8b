/// Looks for the value of a parameter that gives the large model a wanted share, by halving an interval: the share rises
/// or falls with the parameter. Where the share jumps past the target, the nearer side of the jump is the answer.
struct ThresholdSearch {
    /// What is wanted.
    let target: ShareTarget
    /// How near is near enough.
    let tolerance: Double
    /// Most values tried.
    let rounds: Int
    /// The value to try next.
    private(set) var candidate: Double
    /// The best value so far and the share it gave.
    private(set) var best: (value: Double, share: Double)?
    /// Whether there is nothing more to try.
    private(set) var isDone = false
    private var low: Double
    private var high: Double
    private var tried = 0

    init(_ target: ShareTarget, tolerance: Double, rounds: Int) {
        self.target = target
        self.tolerance = tolerance
        self.rounds = rounds
        (low, high) = (target.range.low, target.range.high)
        candidate = Self.rounded(target.range.middle(low, high))
    }

    /// Takes in the share that ``candidate`` gave and chooses the next.
    mutating func record(share: Double) {
        tried += 1
        // Of equal ones the later, which is nearer to where the share changes.
        if abs(share - target.share) <= abs((best?.share ?? .infinity) - target.share) { best = (candidate, share) }
        if abs(share - target.share) <= tolerance || tried >= rounds {
            isDone = true
            return
        }
        if (share < target.share) == target.range.isRising { low = candidate } else { high = candidate }
        let next = Self.rounded(target.range.middle(low, high))
        isDone = next == candidate || next <= low || next >= high
        candidate = next
    }

    /// Six significant digits, so that a plan that names the value finds the same jobs.
    private static func rounded(_ value: Double) -> Double {
        guard value != 0, value.isFinite else { return value }
        var scale = 1.0
        while abs(value) * scale < 100_000 { scale *= 10 }
        while abs(value) * scale >= 1_000_000 { scale /= 10 }
        let digits = (value * scale).rounded()
        // Through the decimal text, so that the result is the double that the text means.
        return Double(CanonicalJSON.text("\(digits / scale)")) ?? value
    }
}
