import ArgumentParser

/// The layouts in which problem files come.
enum DatasetLayout: String, CaseIterable, Sendable, ExpressibleByArgument {
    /// Our own form: `prompt` or `messages`, `reference_answer`, and `custom_id`, `params`, `metadata`.
    case glimpq
    /// American Invitational Mathematics Examination: `problem` (or `question`), `answer` (0 to 999).
    case aime
    /// MATH-500, and MATH itself, whose answers stand boxed in the solutions.
    case math500 = "math-500"
    /// GPQA: question, right answer and three wrong ones, shuffled by the question's id.
    case gpqa
    /// LiveCodeBench: programs for standard input and output, or functions in starter code.
    case livecodebench
    /// GSM8K: answers end with `#### number`.
    case gsm8k

    /// All names, for help texts.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The problem of a record.
    ///
    /// - Throws: `LineFault` naming the field.
    func problem(_ record: DatasetRecord) throws(LineFault) -> Problem {
        switch self {
        case .glimpq: try .own(record)
        case .aime: try .aime(record)
        case .math500: try .math(record)
        case .gpqa: try .gpqa(record)
        case .livecodebench: try .liveCode(record)
        case .gsm8k: try .gsm8k(record)
        }
    }
}
