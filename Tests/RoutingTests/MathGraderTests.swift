import Foundation
import Routing
import Testing

/// Against math-verify; `Tests/Golden/grading/math_pairs.py` made the verdicts. Where we know better the pair stands, with
/// the reason, in `math_disagreements.txt`.
@Suite struct MathGraderTests {
    struct Pair: Decodable, Sendable {
        var reference: String
        var answer: String
        var expected: Bool
    }

    private static func golden(_ name: String) throws -> Data {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Data(contentsOf: root.appendingPathComponent("Golden/grading/\(name)"))
    }

    private let grader = Grader.math(tolerance: Grader.defaultMathTolerance)

    @Test func agreesWithMathVerifyExceptWhereWeSayWhy() throws {
        let pairs = try JSONDecoder().decode([Pair].self, from: Self.golden("math_pairs.json"))
        let lines = String(decoding: try Self.golden("math_disagreements.txt"), as: UTF8.self).split(separator: "\n")
        var known: Set<String> = []
        for line in lines where !line.hasPrefix("#") {
            let parts = line.split(separator: "\t").map(String.init)
            #expect(parts.count == 3)
            known.insert(parts[0] + "\t\\boxed{" + parts[1] + "}")
        }
        #expect(pairs.count >= 500)
        var disagreements: Set<String> = []
        for pair in pairs {
            let grade = grader.grade(answer: pair.answer, reference: pair.reference)
            if grade.isCorrect != pair.expected { disagreements.insert(pair.reference + "\t" + pair.answer) }
        }
        #expect(disagreements == known)
    }

    /// Answers that were made to hurt: none may take long, crash, or pass.
    @Test(arguments: [
        String(repeating: "(", count: 100_000), String(repeating: "{", count: 1990),
        String(repeating: "-", count: 1990),
        String(repeating: #"\frac{"#, count: 300), #"\boxed{\boxed{"#, "{{{}}}", #"\"#, #"\begin{pmatrix}"#, "^_^", "=",
        "9!!!!!!!!",
        "10^{10^{10^{10}}}", #"\binom{1000000}{500}"#, "\u{0}", "1/0", #"\sqrt[0]{2}"#, #"\frac{0}{0}"#, "",
    ])
    func hostile(answer: String) {
        #expect(grader.grade(answer: answer, reference: "7").isCorrect == false)
        #expect(grader.grade(answer: "7", reference: answer).isCorrect == false)
    }

    @Test func everyReferenceEqualsItself() throws {
        for pair in try JSONDecoder().decode([Pair].self, from: Self.golden("math_pairs.json")) {
            let grade = grader.grade(answer: #"So it is \boxed{"# + pair.reference + "}.", reference: pair.reference)
            #expect(grade.isCorrect == true && grade.extracted == pair.reference)
        }
    }

    @Test func tolerance() {
        #expect(grader.grade(answer: "3.1416", reference: #"\pi"#).isCorrect == false)
        #expect(Grader.math(tolerance: 1e-3).grade(answer: "3.1416", reference: #"\pi"#).isCorrect == true)
    }
}
