/// The chain of thought goes round in circles. Steps are compared by their whole text.
///
/// Stricter than the official GlimpRouter code, which knows only the immediate repeat and misses loops of several
/// steps.
struct RepetitionRule: ExitRule {
    /// An immediate repeat counts from this many steps on, as in the official code.
    static let minimumSteps = 3
    /// A pair of steps loops once it has come this often in a row.
    static let alternations = 3
    /// A step recurs if it comes this often: loops of up to three steps do. Sound reasoning repeats a step too, as long
    /// division does once per equal digit of the quotient, but not as often …
    static let recurrences = 6
    /// … among this many last steps.
    static let window = 16

    /// Creates a rule.
    init() {}

    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop? {
        guard records.count >= Self.minimumSteps, let last = records.last?.text else { return nil }
        if records[records.count - 2].text == last { return .repeatedStep }
        let pairs = records.suffix(2 * Self.alternations).map(\.text)
        if pairs.count == 2 * Self.alternations, pairs.indices.dropFirst(2).allSatisfy({ pairs[$0] == pairs[$0 - 2] }) {
            return .alternatingSteps
        }
        let occurrences = records.suffix(Self.window).count { $0.text == last }
        return occurrences >= Self.recurrences ? .recurringStep : nil
    }
}
