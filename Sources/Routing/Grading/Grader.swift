/// Compares answers with reference answers.
public enum Grader: Sendable, Hashable {
    /// The whole answer, letter for letter; only white space around it does not count.
    case exact
    /// What stands in the last `\boxed{…}`, else the whole answer; letter for letter.
    case boxed
    /// A number, within a tolerance.
    case numeric(NumericTolerance)
    /// What stands in the last `\boxed{…}`, else the whole answer, as mathematics: fractions, sets, tuples, intervals,
    /// equations, formulas. Decimals may differ by the tolerance; see ``MathAnswer/means(_:tolerance:)``.
    case math(tolerance: Double)
    /// The letter of an option.
    case choice
    /// The reference is a regular expression; the answer is right if it matches somewhere, or as a whole.
    case regex(isWhole: Bool, ignoresCase: Bool)
    /// Code, judged by a command of the worker's operator; see ``CodeGrader``. Without one there is no verdict.
    case code

    /// As if both numbers were rounded to six decimals.
    public static let defaultMathTolerance = 5e-7

    /// Grades an answer; of code it only finds the block.
    public func grade(answer: String, reference: String) -> Grade {
        switch self {
        case .exact:
            let extracted = answer.trimmed()
            return Grade(extracted: extracted, isCorrect: extracted == reference.trimmed())
        case .boxed:
            let extracted = (BoxedAnswer.last(in: answer) ?? answer).trimmed()
            return Grade(
                extracted: extracted, isCorrect: extracted == (BoxedAnswer.last(in: reference) ?? reference).trimmed())
        case .numeric(let tolerance): return NumericAnswer.grade(answer, reference: reference, tolerance)
        case .math(let tolerance):
            let extracted = FinalAnswer.text(of: answer)
            let expected = (BoxedAnswer.last(in: reference) ?? reference).trimmed()
            return Grade(
                extracted: extracted,
                isCorrect: extracted == expected
                    || MathAnswer(extracted).means(MathAnswer(expected), tolerance: tolerance))
        case .choice: return ChoiceAnswer.grade(answer, reference: reference)
        case .regex(let isWhole, let ignoresCase):
            return PatternGrading.grade(answer, pattern: reference, isWhole: isWhole, ignoresCase: ignoresCase)
        case .code:
            return Grade(
                extracted: FencedCode.last(in: answer) ?? "",
                undecided: "code is graded by workers with --allow-code-grader only")
        }
    }
}

extension String {
    /// Without white space at both ends.
    func trimmed() -> String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(String.UnicodeScalarView(scalars[first...last]))
    }
}
