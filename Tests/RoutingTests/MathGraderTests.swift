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

    /// Numbers that floating point cannot tell apart, or takes for infinite or nothing.
    @Test(arguments: [
        ("2^{2024}", "3^{2024}", false), ("2^{2024}", #"2 \cdot 2^{2023}"#, true), ("2^{100}", "2^{100}+1", false),
        (#"\frac{2^{2024}}{2^{2023}}"#, "2", true), ("3^{-2024}", "0", false), ("3^{-2024}", "2^{-2024}", false),
        (#"1-\frac{1}{2^{2024}}"#, "1", false), (#"\frac{35!}{100^{35}}"#, "0", false), ("2024!", "2023!", false),
        ("2024!", #"2024 \cdot 2023!"#, true), (#"\binom{2000}{1000}"#, #"\frac{2000!}{1000!1000!}"#, true),
        ("12345678901234567890", "12345678901234567891", false),
        ("12345678901234567890", "12,345,678,901,234,567,890", true), ("9999999999999999", "10^{16}", false),
        (#"\frac{1}{0}"#, #"\frac{2}{0}"#, false), ("10^{400}", #"\infty"#, false), (#"-\infty"#, #"-\infty"#, true),
        (#"\sqrt{2}^{2}"#, "2", true), ("(10^{17}+1-10^{17})^{5}", "1", true), ("2^{0}", "1", true),
    ])
    func largeNumbers(answer: String, reference: String, isCorrect: Bool) {
        #expect(grader.grade(answer: #"\boxed{\#(answer)}"#, reference: reference).isCorrect == isCorrect)
    }

    /// Two numbers side by side are no product.
    @Test(arguments: [
        ("2 3", "6", false), ("2 1/2", "5/2", true), ("10 000", "10000", true), ("10 000", "0", false),
        (#"10\ 000"#, "10000", true), ("1 2 3", "6", false), ("2 1/2", "1", false), ("3 4.5", "13.5", false),
    ])
    func numbersSideBySide(answer: String, reference: String, isCorrect: Bool) {
        #expect(grader.grade(answer: #"\boxed{\#(answer)}"#, reference: reference).isCorrect == isCorrect)
    }

    @Test func tolerance() {
        #expect(grader.grade(answer: "3.1416", reference: #"\pi"#).isCorrect == false)
        #expect(Grader.math(tolerance: 1e-3).grade(answer: "3.1416", reference: #"\pi"#).isCorrect == true)
    }
}
