public import Generation

/// A further model of a pair: one that judges or scores steps. It reads the large model's ids.
public struct Assistant: Sendable {
    /// The model.
    public let model: any LanguageModel
    /// Name of the head that gives a scorer's value.
    public let head: String?
    /// How a judge is asked, where it wants other words than the usual ones.
    public let question: String?
    /// What its answer begins with; the score comes next.
    public let prefill: String?

    /// Creates an assistant.
    public init(model: any LanguageModel, head: String? = nil, question: String? = nil, prefill: String? = nil) {
        self.model = model
        self.head = head
        self.question = question
        self.prefill = prefill
    }
}
