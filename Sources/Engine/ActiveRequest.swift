import Generation

/// A request that a sequence is serving, and what it has produced so far.
struct ActiveRequest {
    let request: EngineRequest
    var stop: StopDetector
    /// The generated tokens, a given first one included.
    var tokens: [TokenID] = []
    var work = ModelWork()
    private var measured = 0
    private var logProbability = 0.0
    private var entropySum = 0.0

    init(request: EngineRequest, stop: StopDetector) {
        self.request = request
        self.stop = stop
    }

    var isProbe: Bool {
        if case .probe = request.call { return true }
        return false
    }

    /// Notes a token that was drawn for the request.
    mutating func measure(logProbability: Double, entropy: Double) {
        self.logProbability += logProbability
        entropySum += entropy
        measured += 1
    }

    /// Notes a forward pass that computed `count` tokens for the request.
    ///
    /// - Parameter completes: Whether the pass computed all that was pending, the last generated token included.
    /// - Returns: How many of the tokens belong to the context, recomputed ones included.
    mutating func didCompute(_ count: Int, completes: Bool, nanoseconds: Int64) -> Int {
        let decoded = completes && !tokens.isEmpty ? 1 : 0
        work.prefillTokens += count - decoded
        work.activeNanoseconds += nanoseconds
        return count - decoded
    }

    /// Answers a generation with what has been produced.
    func answer(finish: FinishReason) {
        guard case .generate(_, let continuation) = request.call else { return }
        continuation.resume(
            returning: Generation(
                tokens: tokens, finish: finish, logProbability: logProbability, entropySum: entropySum,
                measuredTokens: measured, work: work))
    }
}
