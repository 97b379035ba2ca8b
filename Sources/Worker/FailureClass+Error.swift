import Engine
import Generation
import Postgres
import Queue
import Routing

extension FailureClass {
    /// Which budget pays for an error that a session threw.
    init(_ error: any Error) {
        switch error {
        case is SpecificationError: self = .badInput
        case is PostgresError, is QueueError: self = .infra
        // Steps of other models, or of a newer program: a worker that knows them can go on.
        case is SessionError: self = .modelTransient
        case let error as ModelError:
            switch error {
            case .contextTooLong, .invalidRequest, .unsupportedConversation: self = .badInput
            // Another worker may have more memory; after a delay, so that one with too little does not use up all tries at once.
            case .nonFiniteLogits, .cacheTooSmall: self = .modelTransient
            // Another worker may stay up.
            case .shutDown: self = .infra
            }
        default: self = .modelTransient
        }
    }
}
