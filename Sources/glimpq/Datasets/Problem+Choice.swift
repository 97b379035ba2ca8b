extension Problem {
    /// GPQA: `Question`, `Correct Answer`, `Incorrect Answer 1` to `3`. The right answer stands in a place that depends
    /// on the question's id alone, so that every run and machine asks the same.
    ///
    /// Files that hold the options in the question already (`problem` or `question` with a letter as `answer`) are
    /// taken as they are.
    static func gpqa(_ record: DatasetRecord) throws(LineFault) -> Problem {
        if record.value("Correct Answer", "correct_answer") == nil { return try prepared(record) }
        let question = try record.text("Question", "problem")
        let options = [
            try record.text("Correct Answer", "correct_answer"),
            try record.text("Incorrect Answer 1", "incorrect_answer_1"),
            try record.text("Incorrect Answer 2", "incorrect_answer_2"),
            try record.text("Incorrect Answer 3", "incorrect_answer_3"),
        ].map { String($0.trimmingSpace()) }
        let id = record.id("gpqa", "Record ID", "id", else: question)
        let order = OptionOrder.order(of: options.count, id: id)
        let place = order.firstIndex(of: 0) ?? 0
        return Problem(
            id: id,
            prompt: ProblemPrompt.choice(String(question.trimmingSpace()), options: order.map { options[$0] }),
            referenceAnswer: ProblemPrompt.letters[place], grader: "\"choice\"", task: DatasetLayout.gpqa.rawValue,
            metadata: record.metadata(["subdomain"], ["domain", "High-level domain"])
                + [Member("option_order", JSONText.array(order.map { "\($0)" }))],
            place: record.place)
    }

    private static func prepared(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let question = try record.text("problem", "Question")
        let answer = try record.text("answer").trimmingSpace().uppercased()
        guard answer.count == 1, ProblemPrompt.letters.prefix(4).contains(answer) else {
            throw LineFault(
                "answer",
                "expected a letter from A to D, or the fields \"Correct Answer\" and \"Incorrect Answer 1\" to 3, got "
                    + answer.prefix(40).debugDescription)
        }
        return Problem(
            id: record.id("gpqa", "Record ID", "id", else: question),
            prompt: ProblemPrompt.choice(question), referenceAnswer: answer, grader: "\"choice\"",
            task: DatasetLayout.gpqa.rawValue, place: record.place)
    }
}

extension ProblemPrompt {
    /// A question that holds its lettered options already.
    fileprivate static func choice(_ question: String) -> String {
        """
        Answer the following multiple-choice question. Reason step by step and leave a blank line between two steps. Give \
        as the final answer only the letter of the right option in a box, for example \\boxed{C}.

        Question: \(question)
        """
    }
}

/// The order in which a question's options are shown.
///
/// The official codes differ: one keeps the right answer at A, which a model can learn, the other leaves the order to
/// whoever prepares the file.
enum OptionOrder {
    /// Which option stands where: element *k* is the number, in the file, of the option shown as the *k*-th.
    ///
    /// A Fisher-Yates shuffle whose draws come from SplitMix64 (Steele et al. 2014), seeded with the XXH64 of the id.
    static func order(of count: Int, id: String) -> [Int] {
        var order = Array(0..<count)
        var state = LineHash.of(Array(id.utf8)[...])
        for last in stride(from: count - 1, to: 0, by: -1) {
            state &+= 0x9E37_79B9_7F4A_7C15
            var draw = state
            draw = (draw ^ (draw >> 30)) &* 0xBF58_476D_1CE4_E5B9
            draw = (draw ^ (draw >> 27)) &* 0x94D0_49BB_1331_11EB
            draw ^= draw >> 31
            // The high half of draw · (last + 1): as good as unbiased for a handful of options.
            order.swapAt(last, Int(draw.multipliedFullWidth(by: UInt64(last + 1)).high))
        }
        return order
    }
}
