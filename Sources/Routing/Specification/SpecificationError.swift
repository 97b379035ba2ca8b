/// Why a job's description is refused: at enqueueing before it is stored, in a worker so that this job fails alone.
public struct SpecificationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The column, or the JSON path inside one: `strategy`, `parameters.tau`, `messages[1].role`.
    public let key: String
    /// What would be right.
    public let expected: String
    /// What was there.
    public let got: String

    /// Creates an error.
    public init(key: String, expected: String, got: String) {
        self.key = key
        self.expected = expected
        self.got = got
    }

    /// A bounded label for metrics and for the column `error_class`.
    public var code: String { "invalid_specification" }

    /// One sentence.
    public var description: String { "\(key): expected \(expected), got \(got)" }
}
