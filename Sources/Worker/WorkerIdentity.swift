import Queue
import Synchronization

/// Under which number a worker is known, and until when its lease can be in force. Shared by its loops.
final class WorkerIdentity: Sendable {
    private struct State {
        var id: Int64
        var clock: LeaseClock
        var claimsBegun: UInt64 = 0
        var claimsEnded: UInt64 = 0
        /// Since when renewals have come without a gap, after one; `nil` if there never was one.
        var steadySince: ContinuousClock.Instant?
        var lastRenewal: ContinuousClock.Instant
        var timeToLive: Duration
    }

    private let state: Mutex<State>

    init(_ worker: RegisteredWorker) {
        state = Mutex(
            State(
                id: worker.id, clock: worker.leaseClock, lastRenewal: worker.registeredAt,
                timeToLive: worker.timeToLive))
    }

    /// The worker's number.
    var id: Int64 { state.withLock { $0.id } }

    /// Whether work may be begun.
    var mayStartWork: Bool { state.withLock { $0.clock.mayStartWork(at: .now) } }

    /// Whether the database has been heard for a whole lease time since it was last away. Before that others may only
    /// be waiting for their turn to renew, and must not be taken for dead.
    var maySweep: Bool {
        state.withLock { state in
            guard let since = state.steadySince else { return true }
            return ContinuousClock.now - since >= state.timeToLive
        }
    }

    /// How long ago the latest successful renewal was sent, and for how long the lease surely holds, in seconds.
    func lease(at now: ContinuousClock.Instant) -> (age: Double, left: Double) {
        state.withLock { state in
            let age = now - state.lastRenewal
            return (age / .seconds(1), (state.timeToLive - age) / .seconds(1))
        }
    }

    /// Takes on a new number, after the old one was declared lost.
    func become(_ worker: RegisteredWorker) {
        state.withLock {
            $0.id = worker.id
            $0.clock = worker.leaseClock
            $0.lastRenewal = worker.registeredAt
            $0.steadySince = .now
        }
    }

    /// Notes a renewal.
    func renewed(sentAt instant: ContinuousClock.Instant) {
        state.withLock {
            $0.clock.renew(sentAt: instant)
            if instant - $0.lastRenewal >= $0.timeToLive { $0.steadySince = instant }
            $0.lastRenewal = instant
        }
    }

    /// Brackets a claim, from before it is sent until its jobs are noted as held.
    func beginClaim() { state.withLock { $0.claimsBegun += 1 } }

    /// Ends the bracket.
    func endClaim() { state.withLock { $0.claimsEnded += 1 } }

    /// Number of claims that have begun.
    var claimsBegun: UInt64 { state.withLock { $0.claimsBegun } }

    /// Number of claims that have ended.
    var claimsEnded: UInt64 { state.withLock { $0.claimsEnded } }
}
