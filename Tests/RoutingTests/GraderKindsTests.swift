import Testing

@testable import Routing

@Suite struct GraderKindsTests {
    @Test(arguments: [
        ("42", "42", true), ("The total is 1,234.50 dollars.", "1234.5", true), (#"\boxed{\frac{3}{4}}"#, "0.75", true),
        ("50%", "0.5", true), ("50%", "50", true), ("0.5", "50%", true), ("1.5e3", "1500", true), ("3/4", "0.75", true),
        ("the answer is 12 km", "12", true), ("x = 7", "7", true), ("-3", "3", false), ("It costs $18.", "18", true),
        ("first 5, then 6", "6", true), ("1000001", "1000000", false), ("0.3333333", "1/3", true),
        ("no number", "1", false),
        ("", "1", false), ("2 − 5 = −3", "-3", true), ("0.333", "1/3", false), ("a-12", "12", true),
        ("The answer is 25 dollars (5 less than 30).", "25", true), ("Answer: 3 because 2+1", "3", true),
        ("The answer is 7+5 = 12", "12", true), ("**Answer**: 25 in 2 steps", "25", true), ("10 000", "10000", true),
        ("2 1/2", "2.5", true), ("The answer is 5 times 6 = 30", "30", true),
    ])
    func numeric(answer: String, reference: String, isCorrect: Bool) {
        #expect(Grader.numeric(.standard).grade(answer: answer, reference: reference).isCorrect == isCorrect)
    }

    @Test func numericTolerances() {
        let loose = Grader.numeric(NumericTolerance(relative: 0.01, absolute: 0))
        #expect(loose.grade(answer: "101", reference: "100").isCorrect == true)
        #expect(loose.grade(answer: "102", reference: "100").isCorrect == false)
        let absolute = Grader.numeric(NumericTolerance(relative: 0, absolute: 0.5))
        #expect(absolute.grade(answer: "0.4", reference: "0").isCorrect == true)
        let undecided = loose.grade(answer: "1", reference: "none")
        #expect(undecided.isCorrect == nil && undecided.reason?.contains("no number") == true)
    }

    @Test(arguments: [
        (#"So \boxed{C}."#, "C", true), ("Answer: C", "C", true), ("The answer is (c).", "C", true), ("C", "C", true),
        (#"\boxed{\text{B}}"#, "(B)", true), ("**Answer:** D) because", "D", true), ("A or B? I say\nB.", "B", true),
        ("b)", "B", true), ("A is wrong, B is right.\nThe answer is B", "A", false), ("I do not know", "A", false),
        ("Answer: a number of them", "A", false), ("Options A and B remain", "A", false),
        (#"\boxed{C. 42}"#, "C", true),
        (#"\boxed{D}, no: \boxed{A}"#, "A", true), ("", "A", false), ("**Answer**: **(C)** 12 J", "C", true),
        ("The answer is (b) because", "B", true), ("The answer is a vitamin", "A", false),
    ])
    func choice(answer: String, reference: String, isCorrect: Bool) {
        #expect(Grader.choice.grade(answer: answer, reference: reference).isCorrect == isCorrect)
    }

    @Test(arguments: [
        ("colou?r", "the color", true), ("^a(b|cd)*$", "abcdb", true), ("^a(b|cd)*$", "abcb", false),
        ("[^0-9]{3}", "12ab", false),
        (#"\b\d{2,3}\b"#, "x 1234 56", true), (#"\b\d{2,3}\b"#, "x 1234 5", false), ("a.c", "a\nc", false),
        ("(?:x|y)+z", "xyxz", true),
        (#"\\boxed\{4\}"#, #"\boxed{4}"#, true), ("[]a]", "]", true), ("[a-c-]", "-", true), ("é", "café", true),
        ("a{0}b", "b", true),
        ("a{,2}", "a{,2}", true), ("x*", "", true), (#"\D\W\S"#, "a.b", true), ("(a|b", "", nil as Bool?),
        ("*", "a", nil), ("(?=a)", "a", nil),
        (#"\1"#, "a", nil), ("a{2,1}", "a", nil), ("(a{1000}){1000}", "a", nil),
    ])
    func regex(pattern: String, answer: String, isCorrect: Bool?) {
        let grade = Grader.regex(isWhole: false, ignoresCase: false).grade(answer: answer, reference: pattern)
        #expect(grade.isCorrect == isCorrect)
        #expect((grade.reason != nil) == (isCorrect == nil))
    }

    @Test func regexOptions() {
        #expect(
            Grader.regex(isWhole: true, ignoresCase: false).grade(answer: " ab ", reference: "a|ab").isCorrect == true)
        #expect(
            Grader.regex(isWhole: true, ignoresCase: false).grade(answer: "abc", reference: "a|ab").isCorrect == false)
        #expect(
            Grader.regex(isWhole: false, ignoresCase: true).grade(answer: "ÄRGER", reference: "ärger").isCorrect == true
        )
    }

    /// A backtracking matcher would need more steps than there are atoms.
    @Test(arguments: ["(a*)*b", "(a+)+b", "(a|a)*b", "(a|aa)+$b", "(.*)*(.*)*(.*)*x"])
    func nothingIsExponential(pattern: String) {
        let answer = String(repeating: "a", count: 2000)
        #expect(
            Grader.regex(isWhole: false, ignoresCase: false).grade(answer: answer, reference: pattern).isCorrect
                == false)
    }

    @Test(arguments: [
        ("```python\nprint(1)\n```", "print(1)"), ("a\n```\nx\n```\nb\n```py\ny\nz\n```\n", "y\nz"), ("none", ""),
        ("```\nok\n```\n```py\ncut", "ok"), ("```py\ncut", "cut"), ("````\n```\nx\n```\n````", "```\nx\n```"),
    ])
    func code(answer: String, block: String) {
        let grade = Grader.code.grade(answer: answer, reference: "")
        #expect(grade.extracted == block)
        #expect(grade.isCorrect == nil && grade.reason?.contains("--allow-code-grader") == true)
    }

    private func grader(_ text: String) throws -> Grader {
        try JobSpecification(prompt: "p", strategy: "llm", parameters: #"{"grader": \#(text)}"#).settings.grader
    }

    @Test func parameter() throws {
        #expect(try grader(#""numeric""#) == .numeric(.standard))
        #expect(try grader(#"{"kind": "numeric", "tolerance": 0.01}"#) == .numeric(.init(relative: 0.01, absolute: 0)))
        #expect(try grader(#"{"kind": "math"}"#) == .math(tolerance: Grader.defaultMathTolerance))
        #expect(
            try grader(#"{"kind": "regex", "whole": true, "ignore_case": true}"#)
                == .regex(isWhole: true, ignoresCase: true))
        #expect(try grader(#""choice""#) == .choice)
        for wrong in [
            #""nice""#, "{}", "3", #"{"kind": "exact", "tolerance": 1}"#, #"{"kind": "numeric", "tolerance": -1}"#,
            #"{"kind": 4}"#,
        ] {
            #expect(throws: SpecificationError.self) { try grader(wrong) }
        }
    }
}
