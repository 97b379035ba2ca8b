import Foundation
import Queue
import Testing

@testable import glimpq

@Suite struct DatasetTests {
    private func read(_ text: String, _ layout: DatasetLayout, ending: String = "jsonl") throws -> Dataset {
        let file = FileManager.default.temporaryDirectory.appending(path: "dataset-\(UUID()).\(ending)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return try Dataset.read(file.path, layout: layout)
    }

    @Test func aimeInItsPublishedSpellings() throws {
        let lines = """
            {"ID": "2024-II-4", "Problem": "Find $x$.", "Solution": "…", "Answer": 33}
            {"id": 60, "problem": "Find y.", "answer": "025", "url": "u", "year": "2024"}
            {"question": "Find z.", "answer": " 7 "}
            {"question": "Find the angle.", "answer": "336^\\\\circ"}
            {"question": "Find the other angle.", "answer": "$36^{\\\\circ}$"}
            """
        let problems = try read(lines, .aime).problems
        #expect(problems.map(\.id).prefix(2) == ["2024-II-4", "60"])
        #expect(problems[2].id.hasPrefix("aime-") && problems[2].id.count == 21)
        #expect(problems.map(\.referenceAnswer) == ["33", "25", "7", "336", "36"])
        #expect(problems.allSatisfy { $0.grader == "\"math\"" && $0.task == "aime" })
        #expect(problems[0].prompt?.hasSuffix("Problem: Find $x$.") == true)
        #expect(problems[0].prompt?.contains(#"\boxed{}"#) == true)
        #expect(problems[1].metadataObject == #"{"year": "2024", "url": "u"}"#)
        #expect(throws: CommandFailure.self) { try read(#"{"problem": "p", "answer": "1000"}"#, .aime) }
    }

    @Test func csvWithLineBreaks() throws {
        let table = """
            ID,Year,Problem Number,Question,Answer,Part
            1983-1,1983,1,"Let ""x"",
            and y.",60,
            """
        let problem = try #require(try read(table, .aime, ending: "csv").problems.first)
        #expect(problem.prompt?.hasSuffix("Problem: Let \"x\",\nand y.") == true)
        #expect(problem.referenceAnswer == "60")
        #expect(problem.metadataObject == #"{"year": "1983", "problem_number": "1"}"#)
    }

    @Test func mathAnswerOrSolution() throws {
        let array = #"""
            [{"problem": "p", "answer": "\\frac{1}{2}", "subject": "Algebra", "level": 2, "unique_id": "test/a/1.json"},
             {"problem": "q", "level": "Level 5", "type": "Geometry", "solution": "\\boxed{1} so \\boxed{\\sqrt{2}}."}]
            """#
        let problems = try read(array, .math500, ending: "json").problems
        #expect(problems.map(\.referenceAnswer) == [#"\frac{1}{2}"#, #"\sqrt{2}"#])
        #expect(problems[0].metadataObject == #"{"subject": "Algebra", "level": 2}"#)
        #expect(problems[1].metadataObject == #"{"subject": "Geometry", "level": "Level 5"}"#)
        #expect(problems[0].id == "test/a/1.json")
    }

    @Test func gsm8k() throws {
        let problem = try #require(
            try read(#"{"question": "q?", "answer": "She pays <<2*500=1,000>>.\n#### 1,000"}"#, .gsm8k).problems.first)
        #expect(problem.referenceAnswer == "1000")
        #expect(problem.grader == "\"numeric\"")
    }

    @Test func gpqaOptionsAreShuffledById() throws {
        let lines = (0..<400).map {
            #"{"Record ID": "rec\#($0)", "Question": "q", "Correct Answer": "right", "Incorrect Answer 1": "w1", "#
                + #""Incorrect Answer 2": "w2", "Incorrect Answer 3": "w3"}"#
        }
        let problems = try read(lines.joined(separator: "\n"), .gpqa).problems
        for problem in problems { #expect(problem.prompt?.contains("\(problem.referenceAnswer)) right") == true) }
        let shares = Dictionary(grouping: problems, by: \.referenceAnswer).mapValues(\.count)
        #expect(shares.count == 4)
        // 400 fair draws: each letter comes 100 times, give or take four standard deviations (8.66).
        #expect(shares.values.allSatisfy { (66...134).contains($0) })
        let again = try read(lines.reversed().joined(separator: "\n"), .gpqa).problems
        #expect(Set(again.map { $0.id + $0.referenceAnswer }) == Set(problems.map { $0.id + $0.referenceAnswer }))
    }

    /// Golden: Tests/Golden/datasets/option_order.py.
    @Test(arguments: [
        ("rec06pnAkLOr2t2mp", [3, 2, 1, 0]), ("rec0", [2, 0, 1, 3]), ("rec1", [3, 2, 0, 1]), ("rec2", [1, 3, 0, 2]),
        ("question 42", [1, 2, 3, 0]), ("é", [0, 3, 1, 2]),
    ])
    func optionOrder(id: String, order: [Int]) {
        #expect(OptionOrder.order(of: 4, id: id) == order)
    }

    @Test func liveCodeBench() throws {
        let lines = #"""
            {"question_id": "abc", "question_content": "Add.", "starter_code": "", "difficulty": "easy", "public_test_cases": "[{\"input\": \"1 2\", \"output\": \"3\", \"testtype\": \"stdin\"}]", "private_test_cases": "[]", "metadata": "{}"}
            {"question_id": "1873_A", "question_content": "Sort.", "starter_code": "class Solution:\n", "public_test_cases": [{"input": "[2,1]", "output": "[1,2]"}], "metadata": "{\"func_name\": \"f\"}"}
            """#
        let problems = try read(lines, .livecodebench).problems
        #expect(problems[0].prompt?.contains("standard input") == true)
        #expect(problems[1].prompt?.contains("```python\nclass Solution:\n") == true)
        #expect(
            problems[1].referenceAnswer
                == #"{"tests": [{"input": "[2,1]", "output": "[1,2]"}], "starter_code": "class Solution:\n", "metadata": {"func_name": "f"}}"#
        )
        #expect(problems[0].metadataObject == #"{"difficulty": "easy", "tests": 1, "tests_left_out": 0}"#)
        let lite =
            #"{"question_id": "a", "question_content": "b", "public_test_cases": "[]", "private_test_cases": "eJx"}"#
        #expect(throws: CommandFailure.self) { try read(lite, .livecodebench) }
    }

    @Test func ownForm() throws {
        let line =
            #"{"custom_id": "a", "prompt": "p", "reference_answer": "r", "params": {"grader": "boxed", "task": "t", "tau": 1}}"#
        let dataset = try read(line, .glimpq)
        let problem = try #require(dataset.problems.first)
        #expect(problem.grader == "\"boxed\"" && problem.task == "t")
        #expect(
            problem.line
                == #"{"custom_id": "a", "prompt": "p", "reference_answer": "r", "params": {"grader": "boxed", "task": "t", "tau": 1}}"#
        )
        var parser = JobParser(defaults: JobDefaults())
        #expect(try parser.job(Array(problem.line.utf8))?.referenceAnswer == "r")
    }

    @Test func refusals() throws {
        func message(_ text: String, _ layout: DatasetLayout, ending: String = "jsonl") -> String {
            do {
                _ = try read(text, layout, ending: ending)
                return ""
            } catch { return "\(error)" }
        }
        #expect(message("PAR1…", .aime, ending: "parquet").contains("to_json("))
        #expect(message("PAR1…", .aime).contains("Parquet"))
        #expect(message("", .aime).contains("expected problems"))
        #expect(message("{\"answer\": \"1\"}", .aime).contains(":1: problem: expected \"problem\" or \"question\""))
        let twice = "{\"id\":1,\"problem\":\"p\",\"answer\":1}\n{\"id\":1,\"problem\":\"q\",\"answer\":1}"
        #expect(message(twice, .aime).contains(":2: the id \"1\" is that of the problem in line 1"))
    }
}
