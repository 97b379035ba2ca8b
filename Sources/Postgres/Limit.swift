/// Decides when a running statement must be cancelled and when its connection must be given up.
struct Limit {
    /// What the waiting thread must do.
    enum Verdict: Equatable {
        case proceed
        /// Send one cancel request, then go on waiting for the server's answer.
        case cancel
        /// Stop waiting.
        case abandon
    }

    /// Why a statement was cancelled.
    enum Reason: Equatable {
        case time, task

        func error(_ statement: String, _ timeout: Duration?) -> PostgresError {
            switch self {
            case .time: .timeout(seconds: (timeout ?? .zero) / .seconds(1), statement: statement)
            case .task: .cancelled(statement: statement)
            }
        }
    }

    private let deadline: ContinuousClock.Instant?
    private let grace: Duration
    private var abandonAt: ContinuousClock.Instant?

    /// Set once a cancel request was due.
    private(set) var reason: Reason?

    init(_ timeout: Duration?, _ grace: Duration, now: ContinuousClock.Instant = .now) {
        deadline = timeout.map { now + $0 }
        self.grace = grace
    }

    /// What to do at a moment.
    mutating func check(isCancelled: Bool, now: ContinuousClock.Instant = .now) -> Verdict {
        if let abandonAt { return now >= abandonAt ? .abandon : .proceed }
        if isCancelled {
            reason = .task
        } else if let deadline, now >= deadline {
            reason = .time
        } else {
            return .proceed
        }
        abandonAt = now + grace
        return .cancel
    }
}
