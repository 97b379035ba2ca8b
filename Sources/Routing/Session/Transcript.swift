import Generation

/// Prompt and steps as each model reads them. Grows only at its end: what stands in it is never encoded anew, so a
/// model's KV cache stays valid from step to step.
///
/// Models with equal vocabularies read the very tokens that the other one wrote. Others read the text of each step,
/// encoded step by step with no added token matched (a model cannot forge a turn in the other's prompt), and the
/// end-of-thinking tag in their own way.
struct Transcript: Sendable {
    private let pair: ModelPair
    private let readers: Set<StepOwner>
    private var slm: [TokenID] = []
    private var llm: [TokenID] = []
    /// Lengths before each record, by its index.
    private var marks: [Int: (slm: Int, llm: Int)] = [:]

    /// A transcript that holds the prompt.
    ///
    /// - Parameter readers: The models that will read it; the others get none.
    /// - Throws: What ``LanguageModel/promptTokens(for:)`` throws.
    init(_ conversation: Conversation, pair: ModelPair, readers: Set<StepOwner>) throws {
        self.pair = pair
        self.readers = readers
        if readers.contains(.slm) { slm = try pair.slm.promptTokens(for: conversation) }
        if readers.contains(.llm) { llm = try pair.llm.promptTokens(for: conversation) }
    }

    /// All tokens for a model.
    func tokens(for owner: StepOwner) -> [TokenID] { owner == .slm ? slm : llm }

    /// Adds a finished thinking record.
    mutating func append(_ record: StepRecord) {
        marks[record.index] = (slm.count, llm.count)
        if readers.contains(.slm) { slm += tokens(of: record, for: .slm) }
        if readers.contains(.llm) { llm += tokens(of: record, for: .llm) }
    }

    /// Takes away a record and what follows it.
    mutating func truncate(to index: Int) {
        guard let mark = marks[index] else { preconditionFailure("record \(index) is not in the transcript") }
        slm.removeLast(slm.count - mark.slm)
        llm.removeLast(llm.count - mark.llm)
        marks = marks.filter { $0.key < index }
    }

    private func tokens(of record: StepRecord, for reader: StepOwner) -> [TokenID] {
        pair.tokens(record.tokens, finish: record.finish, of: record.owner, for: reader)
    }
}
