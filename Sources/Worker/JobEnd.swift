import Queue

/// How a session ended.
enum JobEnd: Sendable {
    /// With a result.
    case finished(FinishedJob)
    /// With an error of the job or of a model.
    case failed(FailureClass, message: String, progress: Progress)
    /// It was stopped from outside; ``SessionTable`` knows why.
    case stopped(Progress)

    /// What an attempt did before it ended.
    struct Progress: Sendable, Hashable {
        /// Rows of the trace that it wrote itself.
        var stepsWritten = 0
        /// Tokens that it generated, discarded ones included.
        var tokens: Int64 = 0
    }
}
