import Generation

/// Answers of the engine's thread to those who wait for them, given together after a forward pass: waking a task costs
/// the system a few microseconds, in which the models would stand still. One task that wakes the others costs them once.
struct Outbox: ~Copyable {
    private var answers: [EngineAnswer] = []

    /// Takes an answer; it goes out with ``deliver()``.
    mutating func append(_ answer: EngineAnswer) { answers.append(answer) }

    /// Gives all answers.
    mutating func deliver() {
        switch answers.count {
        case 0: return
        case 1: answers[0].give()
        default:
            let given = answers
            Task.detached { for answer in given { answer.give() } }
        }
        answers.removeAll(keepingCapacity: true)
    }
}

/// An answer and who waits for it. Must be given exactly once.
enum EngineAnswer: Sendable {
    case probe(Result<Probe, any Error>, CheckedContinuation<Probe, any Error>)
    case generation(Result<Generation, any Error>, CheckedContinuation<Generation, any Error>)

    /// Lets the one who asked go on.
    func give() {
        switch self {
        case .probe(let result, let continuation): continuation.resume(with: result)
        case .generation(let result, let continuation): continuation.resume(with: result)
        }
    }
}
