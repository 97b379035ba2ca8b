extension Problem {
    /// Most bytes of a reference answer in the queue.
    private static let mostReferenceBytes = 1_000_000

    /// LiveCodeBench: `question_content`, `starter_code` (empty for programs that read standard input),
    /// `public_test_cases` and `private_test_cases` (JSON arrays of `{"input", "output", "testtype"}`).
    ///
    /// The reference answer is what the grading command gets: `{"tests": […], "starter_code": "…", "metadata": {…}}`.
    /// Tests that do not fit into the queue's limit are left out, the longest first; `tests` and `tests_left_out` in
    /// the metadata tell how many.
    static func liveCode(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let question = try record.text("question_content", "problem", "question")
        let starter = record.value("starter_code").map(\.text).flatMap { $0.trimmingSpace().isEmpty ? nil : $0 }
        var tests: [String] = []
        for name in ["public_test_cases", "private_test_cases"] {
            if let value = record.value(name) { tests += try cases(value.text, field: name) }
        }
        guard !tests.isEmpty else { throw LineFault("public_test_cases", "expected at least one test") }
        let total = tests.count
        var size = tests.reduce(0) { $0 + $1.utf8.count + 2 }
        let longestFirst = tests.indices.sorted { tests[$0].utf8.count > tests[$1].utf8.count }
        var left: Set<Int> = []
        for index in longestFirst where size > mostReferenceBytes && left.count < total - 1 {
            left.insert(index)
            size -= tests[index].utf8.count + 2
        }
        tests = tests.indices.filter { !left.contains($0) }.map { tests[$0] }
        var reference = [("tests", JSONText.array(tests))]
        if let starter { reference.append(("starter_code", JSONText.string(starter))) }
        if let metadata = record.value("metadata"), (try? JSONReader.parse(Array(metadata.text.utf8))) != nil {
            reference.append(("metadata", metadata.text))
        }
        return Problem(
            id: record.id("lcb", "question_id", "id", else: question),
            prompt: ProblemPrompt.code(question, starter: starter), referenceAnswer: JSONText.object(reference),
            grader: "\"code\"", task: DatasetLayout.livecodebench.rawValue,
            metadata: record.metadata(["platform"], ["difficulty"], ["contest_date"], ["contest_id"])
                + [Member("tests", "\(total)"), Member("tests_left_out", "\(left.count)")],
            place: record.place)
    }

    /// The tests of a field as JSON texts.
    private static func cases(_ text: String, field: String) throws(LineFault) -> [String] {
        let bytes = Array(text.utf8)
        guard let node = try? JSONReader.parse(bytes), case .array(let elements) = node.value else {
            throw LineFault(
                field,
                "expected a JSON array of tests; the \"lite\" files hold compressed Python objects instead, which are not "
                    + "read. Convert the file first: python3 -c \"import sys,json,zlib,pickle,base64; f='\(field)'; "
                    + "[print(json.dumps(dict(r, **{f: pickle.loads(zlib.decompress(base64.b64decode(r[f])))}))) "
                    + "for r in map(json.loads, sys.stdin)]\" < FILE > CONVERTED")
        }
        for element in elements where element["input"] == nil || element["output"] == nil {
            throw LineFault(field, "expected tests with input and output, got \(element.shown)")
        }
        return elements.map { String(decoding: bytes[$0.range], as: UTF8.self) }
    }
}
