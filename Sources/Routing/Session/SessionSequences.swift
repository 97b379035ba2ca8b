public import Generation

/// The names of a job's sequences in the models; different also where two models are the same one.
public struct SessionSequences: Sendable, Hashable {
    /// Most drafts of one step that are written side by side.
    public static let maximumDrafts = 12
    private static let stride: UInt64 = 16

    /// In the small model.
    public let slm: SequenceID
    /// In the large model.
    public let llm: SequenceID
    /// In a judge of its own.
    public let judge: SequenceID
    /// In a scorer of its own.
    public let scorer: SequenceID
    private let first: UInt64

    /// Names out of a number that is unique in the process.
    public init(session: UInt64) {
        first = session &* Self.stride
        slm = SequenceID(first)
        llm = SequenceID(first &+ 1)
        judge = SequenceID(first &+ 2)
        scorer = SequenceID(first &+ 3)
    }

    /// The name in an owner's model.
    public subscript(owner: StepOwner) -> SequenceID { owner == .slm ? slm : llm }

    /// The name of a further sequence in the small or the large model, for a draft beside others.
    ///
    /// - Parameter number: Below ``maximumDrafts``.
    public func draft(_ number: Int) -> SequenceID {
        precondition((0..<Self.maximumDrafts).contains(number), "there are \(Self.maximumDrafts) drafts at most")
        return SequenceID(first &+ 4 &+ UInt64(number))
    }
}
