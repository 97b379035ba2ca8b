import Queue

/// How many jobs of a queue are open, for somebody who asks all the time.
///
/// To count a quarter of a million jobs costs the server a sixth of a second. So a long queue is counted only now and
/// then; whether it is short, and so how many jobs it has then, is asked each time.
struct BacklogCount {
    let store: EvaluationStore

    /// A queue with fewer jobs is short.
    private static let short: Int32 = 5000
    /// Counting may take one part of so many of the time.
    private static let share = 100

    private var latest = 0
    private var due = ContinuousClock.now

    init(store: EvaluationStore) { self.store = store }

    /// Jobs that are ready or running; of a long queue as of the last count.
    mutating func now(_ queue: String) async throws -> Int {
        let open = try await store.backlog(queue: queue, cap: Self.short)
        guard open >= Self.short else {
            latest = open
            due = .now
            return open
        }
        let start = ContinuousClock.now
        guard start >= due else { return max(latest, open) }
        latest = try await store.backlog(queue: queue)
        let end = ContinuousClock.now
        due = end + (end - start) * Self.share
        return latest
    }
}
