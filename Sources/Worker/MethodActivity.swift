import Routing
import Synchronization

/// What the methods of a worker's jobs did beyond writing steps, counted for metrics. Steps that were taken over from
/// an earlier attempt are not counted again.
final class MethodActivity: Sendable {
    /// The counts.
    struct Counts: Sendable, Encodable {
        /// Tokens that small models drafted for large ones to verify.
        var draftedTokens = 0
        /// Of these, tokens that were kept.
        var acceptedTokens = 0
        /// Steps drafted by a small model that a judge, a scorer, a choice or a measure let stand.
        var keptDrafts = 0
        /// Those that a large model wrote again.
        var rewrittenDrafts = 0
        /// Trial answers that ended the thinking.
        var exits = 0
        /// Trial answers after which it went on.
        var otherTrials = 0
        /// Times that a chain of thought was taken back.
        var rollbacks = 0
    }

    private let counts = Mutex(Counts())

    /// As they stand.
    var current: Counts { counts.withLock { $0 } }

    /// Counts what a step tells.
    func count(_ record: StepRecord) {
        let details = record.details
        if details.isEmpty, record.keepsDraft == nil { return }
        counts.withLock {
            $0.draftedTokens += details.drafting?.drafted ?? 0
            $0.acceptedTokens += details.drafting?.accepted ?? 0
            switch record.keepsDraft {
            case true?: $0.keptDrafts += 1
            case false?: $0.rewrittenDrafts += 1
            case nil: break
            }
            if let trial = details.trial {
                if trial.exits { $0.exits += 1 } else { $0.otherTrials += 1 }
            }
            if details.rollback != nil { $0.rollbacks += 1 }
        }
    }
}
