/// Why thinking ended.
public enum ThinkingStop: String, Sendable, Hashable, Codable, CaseIterable {
    /// The end-of-thinking tag was written.
    case thinkingEnd = "thinking_end"
    /// A model ended the text without the tag.
    case endOfText = "end_of_text"
    /// The token budget is spent.
    case tokenBudget = "token_budget"
    /// The number of steps is reached.
    case stepBudget = "step_budget"
    /// A step equals the one before it.
    case repeatedStep = "repeated_step"
    /// Two steps alternate, three times over.
    case alternatingSteps = "alternating_steps"
    /// A step came six times among the last sixteen.
    case recurringStep = "recurring_step"
    /// A trial answer was sure enough.
    case confidentAnswer = "confident_answer"
    /// A step gave the answer (``StepDecision/Rule/lastStep``).
    case answerMarker = "answer_marker"
    /// A model's context window has room for the answer only.
    case contextFull = "context_full"
}
