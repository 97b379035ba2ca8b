import Routing

extension Problem {
    /// AIME: the copies name the question `problem` or `question`; answers are whole numbers from 0 to 999, in some copies
    /// with the sign of degrees where the question asks for an angle.
    static func aime(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let text = try record.text("problem", "question")
        let answer = try record.text("answer", "expected_answer")
        var digits = answer.filter { !$0.isWhitespace && $0 != "$" }
        for sign in ["^\\circ", "^{\\circ}", "°"] where digits.hasSuffix(sign) { digits.removeLast(sign.count) }
        guard let number = Int(digits) ?? Double(digits).flatMap({ Int(exactly: $0) }), (0...999).contains(number)
        else { throw LineFault("answer", "expected a whole number from 0 to 999, got \(answer.debugDescription)") }
        return Problem(
            id: record.id("aime", "id", "unique_id", "problem_id", else: text), prompt: ProblemPrompt.math(text),
            referenceAnswer: "\(number)", grader: "\"math\"", task: DatasetLayout.aime.rawValue,
            metadata: record.metadata(["year"], ["problem_number", "problem number"], ["part"], ["url"]),
            place: record.place)
    }

    /// MATH-500: `problem`, `answer`, `unique_id`. MATH itself has no answers, only solutions with a boxed one.
    static func math(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let text = try record.text("problem", "question")
        let answer: String
        if let given = record.value("answer")?.text {
            answer = given
        } else {
            guard let boxed = BoxedAnswer.last(in: try record.text("solution")) else {
                throw LineFault("solution", "expected an answer in \\boxed{…}, as there is no field \"answer\"")
            }
            answer = boxed
        }
        return Problem(
            id: record.id("math", "unique_id", "id", else: text), prompt: ProblemPrompt.math(text),
            referenceAnswer: answer, grader: "\"math\"", task: DatasetLayout.math500.rawValue,
            metadata: record.metadata(["subject", "type"], ["level"]), place: record.place)
    }

    /// GSM8K: the answer is a worked solution that ends with `#### number`.
    static func gsm8k(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let text = try record.text("question", "problem")
        let solution = try record.text("answer")
        guard let mark = solution.ranges(of: "####").last else {
            throw LineFault("answer", "expected \"#### \" and a number at the end, got no ####")
        }
        let answer = String(solution[mark.upperBound...].trimmingSpace().filter { $0 != "," })
        guard Double(answer) != nil else {
            throw LineFault("answer", "expected a number behind ####, got \(answer.debugDescription)")
        }
        return Problem(
            id: record.id("gsm8k", "id", "question_id", else: text), prompt: ProblemPrompt.math(text),
            referenceAnswer: answer, grader: "\"numeric\"", task: DatasetLayout.gsm8k.rawValue, place: record.place)
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    func trimmingSpace() -> SubSequence {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
