/// An attempt that failed.
public struct FailedJob: Sendable, Hashable {
    /// Job and epoch.
    public var lease: JobLease
    /// Why; decides which budget pays.
    public var error: FailureClass
    /// What happened, for people; cut after 4,000 characters.
    public var message: String
    /// What ``RetryPolicy`` decided.
    public var decision: RetryPolicy.Decision
    /// Steps that this attempt wrote.
    public var stepsWritten: Int
    /// Tokens that this attempt generated.
    public var tokens: Int64

    /// Creates a failure.
    public init(
        _ lease: JobLease, error: FailureClass, message: String, decision: RetryPolicy.Decision, stepsWritten: Int = 0,
        tokens: Int64 = 0
    ) {
        self.lease = lease
        self.error = error
        self.message = message
        self.decision = decision
        self.stepsWritten = stepsWritten
        self.tokens = tokens
    }

    /// A cancellation that this worker has carried out.
    public static func cancelled(_ lease: JobLease, stepsWritten: Int = 0, tokens: Int64 = 0) -> FailedJob {
        FailedJob(
            lease, error: .cancelled, message: "cancelled on request", decision: .fail, stepsWritten: stepsWritten,
            tokens: tokens)
    }

    /// What `fail_v1` reads.
    struct Wire: Encodable {
        var job_id: Int64
        var epoch: Int64
        var error_class: String
        var error_message: String
        var retry_after_ms: Int64?
        var steps_written: Int
        var attempt_tokens: Int64
    }

    var wire: Wire {
        var delay: Int64?
        if case .retry(let after) = decision { delay = Int64(after / .milliseconds(1)) }
        return Wire(
            job_id: lease.job, epoch: lease.epoch, error_class: error.rawValue,
            error_message: StoredText.sanitized(message), retry_after_ms: delay, steps_written: stepsWritten,
            attempt_tokens: tokens)
    }
}
