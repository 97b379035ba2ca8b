import Queue

/// How a session ended.
enum JobEnd: Sendable {
    /// With a result. Its lease and what it says about the attempt are filled in when they are settled.
    case finished(FinishedJob)
    /// With an error of the job or of a model.
    case failed(FailureClass, message: String)
    /// It was stopped from outside; ``SessionTable`` knows why.
    case stopped

    /// What an attempt did before it ended.
    struct Progress: Sendable, Hashable {
        /// Rows of the trace that it wrote itself.
        var stepsWritten = 0
        /// Tokens that it generated, discarded ones included.
        var tokens: Int64 = 0
    }
}
