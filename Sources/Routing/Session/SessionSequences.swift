public import Generation

/// The names of a job's sequences in the two models; different also where both models are the same one.
public struct SessionSequences: Sendable, Hashable {
    /// In the small model.
    public let slm: SequenceID
    /// In the large model.
    public let llm: SequenceID

    /// Two names out of a number that is unique in the process.
    public init(session: UInt64) {
        slm = SequenceID(session &* 2)
        llm = SequenceID(session &* 2 &+ 1)
    }

    /// The name in an owner's model.
    public subscript(owner: StepOwner) -> SequenceID { owner == .slm ? slm : llm }
}
