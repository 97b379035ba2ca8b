import Engine
import Generation
import Queue
import Routing

extension FailureClass {
    /// Which budget pays for an error that a session threw.
    init(_ error: any Error) {
        switch error {
        case is SpecificationError, is SessionError: self = .badInput
        case let error as ModelError:
            switch error {
            case .contextTooLong, .invalidRequest, .unsupportedConversation: self = .badInput
            case .nonFiniteLogits: self = .modelTransient
            // Another worker may have more memory, or stay up.
            case .cacheTooSmall, .shutDown: self = .infra
            }
        default: self = .modelTransient
        }
    }
}
