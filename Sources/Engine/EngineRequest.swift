import Generation

/// A request on its way through a model.
struct EngineRequest: Sendable {
    /// Names the request in the process.
    var id: UInt64
    /// What is asked, and how to answer.
    var call: Call

    /// The kinds of request. Exactly one answer is given through the continuation.
    enum Call: Sendable {
        /// Return the next token's distribution.
        case probe(ProbeRequest, CheckedContinuation<Probe, any Error>)
        /// Generate up to a stop condition.
        case generate(GenerationRequest, CheckedContinuation<Generation, any Error>)

        /// An error as the answer.
        func failure(_ error: any Error) -> EngineAnswer {
            switch self {
            case .probe(_, let continuation): .probe(.failure(error), continuation)
            case .generate(_, let continuation): .generation(.failure(error), continuation)
            }
        }
    }

    /// The sequence that the request continues.
    var sequence: SequenceID {
        switch call {
        case .probe(let request, _): request.sequence
        case .generate(let request, _): request.sequence
        }
    }

    /// The tokens before what is asked for.
    var context: [TokenID] {
        switch call {
        case .probe(let request, _): request.context
        case .generate(let request, _): request.context
        }
    }

    /// A first token that has been drawn already.
    var firstToken: TokenID? {
        guard case .generate(let request, _) = call else { return nil }
        return request.firstToken
    }

    /// Number of the context's last tokens that belong to the text being generated.
    var written: Int {
        guard case .generate(let request, _) = call else { return 0 }
        return request.written
    }

    /// When to stop; a probe generates nothing.
    var stop: StopCondition {
        guard case .generate(let request, _) = call else { return .endOfText }
        return request.stop
    }

    /// Most tokens to generate; a probe looks at one.
    var maximumTokens: Int {
        guard case .generate(let request, _) = call else { return 1 }
        return request.maximumTokens
    }

    /// Answers with an error, at once.
    func fail(_ error: any Error) { call.failure(error).give() }
}

/// What the engine's thread is told. Every command names a model by its index in the engine.
enum EngineCommand: Sendable {
    /// Serve a request.
    case submit(model: Int, EngineRequest)
    /// Withdraw a request if it has not been answered.
    case cancel(model: Int, request: UInt64)
    /// Give back a sequence's blocks.
    case close(model: Int, SequenceID)
    /// Answer everything that is open with ``ModelError/shutDown`` and end.
    case shutDown
}
