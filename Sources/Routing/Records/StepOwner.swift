/// Which model of a pair.
public enum StepOwner: String, Sendable, Hashable, Codable, CaseIterable {
    /// The small language model.
    case slm
    /// The large language model.
    case llm
}
