/// How problems are put to the models: what the official GlimpRouter prompts ask for, in our words. One user turn, no
/// system turn; steps with a blank line between them, because the blank line is what ends a step.
enum ProblemPrompt {
    private static let steps =
        "Reason step by step and leave a blank line between two steps."

    /// A mathematical problem with a short answer.
    static func math(_ problem: String) -> String {
        """
        Solve the following problem. \(steps) Put the final answer, and nothing else, into \\boxed{}.

        Problem: \(problem)
        """
    }

    /// A question with lettered options.
    static func choice(_ question: String, options: [String]) -> String {
        let lettered = zip(letters, options).map { "\($0)) \($1)" }.joined(separator: "\n")
        return """
            Answer the following multiple-choice question. \(steps) Give as the final answer only the letter of the right \
            option, A to \(letters[options.count - 1]), in a box, for example \\boxed{C}.

            Question: \(question)

            \(lettered)
            """
    }

    /// A programming problem: a function in starter code, or a program that reads standard input.
    static func code(_ problem: String, starter: String?) -> String {
        let task =
            if let starter {
                """
                Complete this code, and keep the names and parameters that it gives:

                ```python
                \(starter)
                ```
                """
            } else {
                """
                Write a program that reads from standard input and writes to standard output:

                ```python
                # the program
                ```
                """
            }
        return """
            Solve the following programming problem in Python. \(steps) Answer with the whole code in one fenced block, \
            and nothing else.

            Problem: \(problem)

            \(task)
            """
    }

    /// Names of options, in order.
    static let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
}
