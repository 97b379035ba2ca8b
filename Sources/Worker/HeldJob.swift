import Generation
import Queue
import Routing
import Synchronization

/// A job in this worker's hands, from its claim until the database knows how it ended.
///
/// Its session outlives a lost lease: when the worker takes the job back, the lease changes under it. The chain of the
/// new attempt begins where the stored steps of the old one end, so what was recorded after that is handed out once
/// more, under the new lease, with the next record or at the end.
final class HeldJob: Sendable {
    private struct State {
        var lease: JobLease
        /// All steps so far, resumed ones included.
        var records: [StepRecord] = []
        /// The first that the attempt of this lease writes itself.
        var firstOwn = 0
        /// Those before it have been handed out under this lease, or were stored under an earlier one.
        var handedOut = 0
    }

    /// What was claimed; its lease is the first one.
    let claim: ClaimedJob
    private let state: Mutex<State>

    init(_ claim: ClaimedJob) {
        self.claim = claim
        state = Mutex(State(lease: claim.lease))
    }

    /// The lease at this moment. It stays once the session has ended and ``SessionTable/settle(_:)`` was called.
    var lease: JobLease { state.withLock { $0.lease } }

    /// Starts from the steps of earlier attempts.
    func resume(from records: [StepRecord]) {
        state.withLock {
            $0.records = records
            $0.firstOwn = records.count
            $0.handedOut = records.count
        }
    }

    /// Takes a new step.
    ///
    /// - Returns: The rows to be written now, in order.
    func append(_ record: StepRecord) -> [TraceRow] {
        state.withLock { $0.records.append(record) }
        return rowsToWrite()
    }

    /// The rows that are still to be written under the current lease; each is given out once.
    func rowsToWrite() -> [TraceRow] {
        state.withLock { state in
            defer { state.handedOut = state.records.count }
            return rows(state, from: state.handedOut)
        }
    }

    /// All rows of the current lease's own attempt.
    var ownRows: [TraceRow] { state.withLock { rows($0, from: $0.firstOwn) } }

    /// Number of steps, earlier attempts' included.
    var stepCount: Int { state.withLock { $0.records.count } }

    /// The whole text so far.
    var text: String { state.withLock { $0.records.live.map(\.text).joined() } }

    /// What the attempt has done.
    var progress: JobEnd.Progress {
        state.withLock { state in
            JobEnd.Progress(
                stepsWritten: state.handedOut - state.firstOwn,
                tokens: state.records[state.firstOwn...].reduce(0) { sum, record in
                    sum + Int64(record.cost.slm.decodedTokens + record.cost.llm.decodedTokens)
                })
        }
    }

    /// Goes on under a new lease.
    func adopt(_ adoption: Adoption) {
        state.withLock { state in
            state.lease = adoption.to
            state.firstOwn = min(adoption.nextStep, state.records.count)
            state.handedOut = min(state.handedOut, state.firstOwn)
        }
    }

    private func rows(_ state: State, from first: Int) -> [TraceRow] {
        state.records[first...].map { TraceRow($0, lease: state.lease, day: claim.day) }
    }
}
