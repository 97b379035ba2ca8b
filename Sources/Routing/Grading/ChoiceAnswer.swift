/// The letter of an option in an answer.
enum ChoiceAnswer {
    /// Compares letters; the reference is one letter, with or without brackets.
    static func grade(_ answer: String, reference: String) -> Grade {
        guard let expected = lone(reference) else {
            return Grade(
                extracted: answer.trimmed(),
                undecided: "the reference answer is no letter of an option: \(reference.prefix(60).debugDescription)")
        }
        guard let letter = letter(in: answer) else { return Grade(extracted: answer.trimmed(), isCorrect: false) }
        return Grade(extracted: letter, isCorrect: letter == expected)
    }

    /// The letter in the last box; else behind the last "answer is" or "answer:"; else the only letter that stands alone
    /// as a capital on the last line, or in the whole answer.
    static func letter(in answer: String) -> String? {
        if let boxed = BoxedAnswer.last(in: answer), let letter = leading(boxed) { return letter }
        if let said = FinalAnswer.said(in: answer), let letter = leading(said) { return letter }
        if let letter = lone(answer) { return letter }
        let lines = answer.split(whereSeparator: \.isNewline).filter { $0.contains(where: { !$0.isWhitespace }) }
        if let line = lines.last, let letter = only(String(line)) { return letter }
        return only(answer)
    }

    /// The letter, if that is all there is: `B`, `(b)`, `\text{B}`, `B.`, `Option B`.
    private static func lone(_ text: String) -> String? {
        let words = self.words(text)
        let named = words.filter {
            !["text", "textbf", "mathrm", "mathbf", "option", "choice"].contains($0.lowercased())
        }
        guard named.count == 1, let letter = named.first, letter.count == 1 else { return nil }
        return isOption(letter.uppercased()) ? letter.uppercased() : nil
    }

    /// The letter that a text begins with: `C) because …`, `\text{C}`.
    private static func leading(_ text: String) -> String? {
        if let letter = lone(text) { return letter }
        let skipped = ["text", "textbf", "mathrm", "mathbf", "option", "choice", "the"]
        guard let first = words(text).first(where: { !skipped.contains($0.lowercased()) }), first.count == 1 else {
            return nil
        }
        if isOption(first) { return first }
        // A small "a" is more likely an article, unless a bracket closes behind it.
        return text.contains(first + ")") && isOption(first.uppercased()) ? first.uppercased() : nil
    }

    /// The capital that stands alone in a text, if all that do are the same.
    private static func only(_ text: String) -> String? {
        let letters = Set(words(text).filter { $0.count == 1 && isOption($0) && $0 != "I" })
        return letters.count == 1 ? letters.first : nil
    }

    private static func isOption(_ letter: String) -> Bool { letter.count == 1 && ("A"..."J").contains(letter) }

    /// Runs of letters and digits.
    private static func words(_ text: String) -> [String] {
        text.split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "’") }.map(String.init)
    }
}
