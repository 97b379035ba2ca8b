/// Finds what an answer says in the end.
enum FinalAnswer {
    private static let phrases = [
        "final answer is", "answer is", "final answer:", "answer:", "answer**:", "answer** is",
    ]

    /// What stands in the last box; else what follows the last "answer is" or "answer:" on its line; else everything.
    static func text(of answer: String) -> String {
        if let boxed = BoxedAnswer.last(in: answer) { return boxed.trimmed() }
        if let said = said(in: answer) { return said }
        return answer.trimmed()
    }

    /// What follows the last "answer is" or "answer:", up to the end of the line; `nil` if there is none.
    static func said(in answer: String) -> String? {
        // Lower-casing may change the length outside of ASCII; ASCII letters are enough for these phrases.
        let lower = String(decoding: answer.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
        var best: Int?
        for phrase in phrases {
            guard let range = lower.ranges(of: phrase).last else { continue }
            let end = lower.utf8.distance(from: lower.startIndex, to: range.upperBound)
            best = max(best ?? 0, end)
        }
        guard let best else { return nil }
        let start = answer.utf8.index(answer.startIndex, offsetBy: best)
        let line = answer[start...].drop { $0.isWhitespace || $0 == "*" || $0 == ":" }.prefix { !$0.isNewline }
        var text = String(line).trimmed()
        while let last = text.last, last == "." || last == "*" { text.removeLast() }
        return text.isEmpty ? nil : text.trimmed()
    }
}
