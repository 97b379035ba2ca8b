/// Where the next claim begins to look in each queue and priority: at the oldest job of the last claim.
///
/// What lies before it in the index was claimed, and its dead entries need not be passed again, of which there are as
/// many as jobs were claimed since the last vacuum. But a job before it may become ready: given back, due, or inserted
/// by a transaction that took its time. So nothing is believed for longer than ``lifetime``, nor after an answer that
/// fell short.
struct ClaimStart: Sendable, Hashable {
    /// The claim looks at no job of this queue and priority with a smaller number.
    struct Bound: Sendable, Hashable {
        var queue: String
        var priority: Int
        var firstID: Int64
    }

    /// How many bounds a claim carries at most; each costs it a statement.
    static let capacity = 16

    /// After this time from the last claim without bounds the next one has none.
    let lifetime: Duration
    private var bounds: [Bound] = []
    private var looked: ContinuousClock.Instant?

    /// Knows nothing yet.
    init(lifetime: Duration = .seconds(10)) { self.lifetime = lifetime }

    /// Bounds for a claim that is sent now; empty if it must look at everything.
    func bounds(at now: ContinuousClock.Instant) -> [Bound] {
        guard let looked, now - looked < lifetime else { return [] }
        return bounds
    }

    /// Learns from an answer.
    ///
    /// - Parameters:
    ///   - claimed: Queue, priority and number of each job that the claim brought.
    ///   - limit: How many it asked for.
    ///   - used: The bounds it was sent with.
    ///   - sent: When it was sent, so that what became ready while it was under way is not passed over for longer.
    mutating func answered(_ claimed: [Bound], of limit: Int, bounds used: [Bound], at sent: ContinuousClock.Instant) {
        if used.isEmpty { looked = sent }
        bounds = []
        guard claimed.count >= limit else { return }
        // A priority of which this claim brought nothing keeps the bound that it was sent with.
        var latest: [Place: Int64] = [:]
        for bound in claimed { latest[bound.place] = min(bound.firstID, latest[bound.place] ?? .max) }
        for bound in used where latest[bound.place] == nil { latest[bound.place] = bound.firstID }
        guard latest.count <= Self.capacity else { return }
        bounds = latest.map { Bound(queue: $0.queue, priority: $0.priority, firstID: $1) }
            .sorted { ($0.queue, -$0.priority) < ($1.queue, -$1.priority) }
    }
}

extension ClaimStart {
    fileprivate struct Place: Hashable {
        var queue: String
        var priority: Int
    }
}

extension ClaimStart.Bound {
    fileprivate var place: ClaimStart.Place { ClaimStart.Place(queue: queue, priority: priority) }
}
