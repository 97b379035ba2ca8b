import Routing
import Testing

@Suite struct GraderTests {
    @Test(arguments: [
        ("\n\n556 r 23\n", "556 r 23", true), ("556", "556 r 0", false), ("", "", true), ("a b", "a  b", false),
    ])
    func exact(answer: String, reference: String, isCorrect: Bool) {
        #expect(Grader.exact.grade(answer: answer, reference: reference).isCorrect == isCorrect)
    }

    @Test(arguments: [
        (#"So \boxed{1}, no: \boxed{ \frac{1}{2} }."#, #"\frac{1}{2}"#), (#"\boxed{4} and \boxed{5"#, "4"),
        (" 7 ", "7"), (#"\boxed{}"#, ""),
    ])
    func boxed(answer: String, extracted: String) {
        let grade = Grader.boxed.grade(answer: answer, reference: #"\boxed{"# + extracted + "}")
        #expect(grade.extracted == extracted)
        #expect(grade.isCorrect == true)
    }
}
