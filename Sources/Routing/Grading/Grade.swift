/// What a grader says about an answer.
public struct Grade: Sendable, Hashable {
    /// The part of the answer that was compared.
    public var extracted: String
    /// Whether it is right; `nil` if the grader cannot tell, for the ``reason``.
    public var isCorrect: Bool?
    /// Why there is no verdict.
    public var reason: String?

    /// Creates a verdict.
    public init(extracted: String, isCorrect: Bool) {
        self.extracted = extracted
        self.isCorrect = isCorrect
    }

    /// Creates a grade without a verdict.
    public init(extracted: String, undecided reason: String) {
        self.extracted = extracted
        self.reason = reason
    }
}
