public import Generation

/// What a step cost each model. Depends on what the KV caches held, and on the machine: the only part of a
/// ``StepRecord`` that may differ between an interrupted and a calm run.
public struct StepCost: Sendable, Hashable, Codable {
    /// The small model's probe.
    public var probe = ModelWork()
    /// What the small model wrote, drafts included.
    public var slm = ModelWork()
    /// What the large model wrote.
    public var llm = ModelWork()

    /// What a judge or scorer read and said; the large model's work too, where that is the judge.
    public var review = ModelWork()
    /// Trial answers of the small model.
    public var slmTrial = ModelWork()
    /// Trial answers of the large model.
    public var llmTrial = ModelWork()

    /// No cost.
    public init() {}

    /// The cost of what an owner wrote.
    public subscript(owner: StepOwner) -> ModelWork {
        get { owner == .slm ? slm : llm }
        set { if owner == .slm { slm = newValue } else { llm = newValue } }
    }

    /// Adds an account to this one.
    static func += (a: inout StepCost, b: StepCost) {
        a.probe += b.probe
        a.slm += b.slm
        a.llm += b.llm
        a.review += b.review
        a.slmTrial += b.slmTrial
        a.llmTrial += b.llmTrial
    }
}
