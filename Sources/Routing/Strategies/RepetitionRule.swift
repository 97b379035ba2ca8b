import Generation

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
        // A step that was cut at its length limit goes on in the next record; only whole steps are compared.
        guard let newest = records.last, newest.finish != .length else { return nil }
        let steps = Self.lastSteps(of: records)
        guard steps.count >= Self.minimumSteps, let last = steps.last else { return nil }
        if steps[steps.count - 2] == last { return .repeatedStep }
        let pairs = Array(steps.suffix(2 * Self.alternations))
        if pairs.count == 2 * Self.alternations, pairs.indices.dropFirst(2).allSatisfy({ pairs[$0] == pairs[$0 - 2] }) {
            return .alternatingSteps
        }
        return steps.count { $0 == last } >= Self.recurrences ? .recurringStep : nil
    }

    /// The texts of the last ``window`` steps, each put together from its records.
    private static func lastSteps(of records: [StepRecord]) -> [String] {
        var steps: [String] = []
        var text = ""
        for record in records.reversed() {
            text = record.text + text
            if record.isContinuation { continue }
            steps.append(text)
            text = ""
            if steps.count == window { break }
        }
        return steps.reversed()
    }
}
