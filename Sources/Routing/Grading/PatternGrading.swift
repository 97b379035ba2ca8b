/// Grades by regular expression.
enum PatternGrading {
    /// Most characters of an answer that are looked at: the last ones, where conclusions stand.
    static let longestAnswer = 65_536

    /// Matches a pattern against an answer.
    static func grade(_ answer: String, pattern: String, isWhole: Bool, ignoresCase: Bool) -> Grade {
        let text = answer.trimmed()
        do throws(LinearPattern.Fault) {
            let compiled = try LinearPattern(pattern, ignoresCase: ignoresCase)
            let scalars = Array(text.unicodeScalars.suffix(longestAnswer))
            return Grade(extracted: text, isCorrect: compiled.matches(scalars, isWhole: isWhole))
        } catch {
            return Grade(extracted: text, undecided: "the reference answer is no regular expression: \(error)")
        }
    }
}
