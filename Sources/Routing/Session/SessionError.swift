import Generation

/// Why a session cannot go on from a stored trace.
public struct SessionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The record that does not fit.
    public let record: Int
    /// What does not fit.
    public let reason: String

    /// Creates an error.
    public init(record: Int, reason: String) {
        self.record = record
        self.reason = reason
    }

    /// A bounded label for metrics and for the column `error_class`.
    public var code: String { "inconsistent_trace" }

    /// What is wrong and what to do.
    public var description: String {
        "record \(record) of the stored trace cannot be resumed from: \(reason); start the job from its beginning"
    }

    /// Checks that records can be resumed from: numbered without gaps, an answer only at the end, written by the
    /// models of the pair.
    static func check(_ records: [StepRecord], pair: ModelPair) throws(SessionError) {
        for (index, record) in records.enumerated() {
            let model = pair[record.owner].identity.name
            if record.index != index {
                throw SessionError(record: index, reason: "it has index \(record.index)")
            }
            if record.kind == .answer, index + 1 < records.count {
                throw SessionError(record: index, reason: "records follow the answer")
            }
            if record.model != model {
                throw SessionError(record: index, reason: "model \(record.model) wrote it, the pair has \(model)")
            }
        }
    }
}
