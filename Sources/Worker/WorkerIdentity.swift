import Queue
import Synchronization

/// Under which number a worker is known, and until when its lease can be in force. Shared by its loops.
final class WorkerIdentity: Sendable {
    private struct State {
        var id: Int64
        var clock: LeaseClock
        var claimsUnderWay = 0
        var claimedSinceBeat = false
    }

    private let state: Mutex<State>

    init(_ worker: RegisteredWorker) {
        state = Mutex(State(id: worker.id, clock: worker.leaseClock))
    }

    /// The worker's number.
    var id: Int64 { state.withLock { $0.id } }

    /// Whether work may be begun.
    var mayStartWork: Bool { state.withLock { $0.clock.mayStartWork(at: .now) } }

    /// Takes on a new number, after the old one was declared lost.
    func become(_ worker: RegisteredWorker) {
        state.withLock {
            $0.id = worker.id
            $0.clock = worker.leaseClock
        }
    }

    /// Notes a renewal.
    func renewed(sentAt instant: ContinuousClock.Instant) {
        state.withLock { $0.clock.renew(sentAt: instant) }
    }

    /// Brackets a claim, from before it is sent until its jobs are noted as held.
    func beginClaim() {
        state.withLock {
            $0.claimsUnderWay += 1
            $0.claimedSinceBeat = true
        }
    }

    /// Ends the bracket.
    func endClaim() { state.withLock { $0.claimsUnderWay -= 1 } }

    /// Whether a claim was under way at any time since the last call.
    func takeClaimMark() -> Bool {
        state.withLock { state in
            defer { state.claimedSinceBeat = state.claimsUnderWay > 0 }
            return state.claimedSinceBeat
        }
    }
}
