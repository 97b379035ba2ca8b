/// Decides what becomes of a job after a failed attempt. The database holds the budgets as well and has the last word.
public struct RetryPolicy: Sendable, Hashable {
    /// How the waiting time grows with the attempts.
    public enum Growth: String, Sendable, Hashable, Codable {
        /// 2ⁿ⁻¹ seconds after attempt n.
        case exponential
        /// n⁴ seconds after attempt n.
        case quartic
    }

    /// How the waiting time grows.
    public var growth: Growth
    /// The longest waiting time before jitter.
    public var ceiling: Duration
    /// Share of a waiting time by which it may be shorter or longer.
    public var jitter: Double

    /// What to do.
    public enum Decision: Sendable, Hashable {
        /// Put the job back, to run again no earlier than after this time.
        case retry(after: Duration)
        /// The job has failed for good.
        case fail
    }

    /// Creates a policy.
    public init(growth: Growth = .exponential, ceiling: Duration = .seconds(3600), jitter: Double = 0.2) {
        self.growth = growth
        self.ceiling = ceiling
        self.jitter = jitter
    }

    /// What to do after a failure.
    ///
    /// - Parameters:
    ///   - error: The class of the failure.
    ///   - attempt: The attempt that failed, from 1.
    ///   - maximumAttempts: The job's budget.
    ///   - random: A number in 0..<1 for the jitter.
    public func decide(error: FailureClass, attempt: Int, maximumAttempts: Int, random: Double) -> Decision {
        switch error {
        case .badInput, .cancelled: return .fail
        case .infra: return .retry(after: .zero)
        case .modelTransient, .deadline:
            guard attempt < maximumAttempts else { return .fail }
            return .retry(after: delay(afterAttempt: attempt, random: random))
        }
    }

    /// How long to wait after an attempt.
    public func delay(afterAttempt attempt: Int, random: Double) -> Duration {
        let n = Double(max(1, min(attempt, 64)))
        var seconds = 1.0
        switch growth {
        case .exponential: for _ in 1..<Int(n) { seconds *= 2 }
        case .quartic: seconds = n * n * n * n
        }
        let base = min(Duration.seconds(min(seconds, 1e9)), ceiling)
        return base * (1 + jitter * (2 * random - 1))
    }
}

/// Why an attempt failed; decides which budget pays.
public enum FailureClass: String, Sendable, Hashable, Codable, CaseIterable {
    /// The job itself is wrong: unknown strategy, parameters that make no sense, prompt over the context. Fails at once.
    case badInput = "bad_input"
    /// A model failed in a way that may not happen again. Costs an attempt.
    case modelTransient = "model_transient"
    /// Not the job's fault. Costs none of its attempts, but its infrastructure budget.
    case infra
    /// The attempt took longer than allowed. Costs an attempt.
    case deadline
    /// A person asked for it. Ends the job.
    case cancelled
}
