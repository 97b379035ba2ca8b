import Queue
import Synchronization

/// Counts what a worker does.
final class WorkerTally: Sendable {
    private let counts = Mutex(WorkerSummary())
    /// How long things took.
    let activity = WorkerActivity()
    /// What the methods of jobs did.
    let methods = MethodActivity()

    /// What was counted so far.
    var summary: WorkerSummary { counts.withLock { $0 } }

    /// Counts something.
    func change(_ body: (inout WorkerSummary) -> Void) { counts.withLock { body(&$0) } }

    /// Counts what became of a result.
    func count(_ verdict: QueueClient.Verdict) {
        change {
            switch verdict {
            case .accepted: ($0.done, $0.accepted) = ($0.done + 1, $0.accepted + 1)
            case .duplicate: ($0.done, $0.duplicate) = ($0.done + 1, $0.duplicate + 1)
            case .stale, .untraced: ($0.lost, $0.stale) = ($0.lost + 1, $0.stale + 1)
            }
        }
    }
}
