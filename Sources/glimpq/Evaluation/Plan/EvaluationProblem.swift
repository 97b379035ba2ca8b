/// A problem of a data set.
struct EvaluationProblem {
    /// The producer's key, or the line's number.
    var id: String
    /// The problem as text.
    var prompt: String?
    /// The problem as chat turns, a JSON array.
    var messages: String?
    /// What the answer should be.
    var referenceAnswer: String?
    /// The right steps' texts in order, where they are known.
    var referenceSteps: [String]
    /// Parameters of its own: names and JSON texts.
    var params: [(name: String, value: String)]
    /// Hash of what the result depends on.
    let digest: String

    init(
        id: String, prompt: String?, messages: String?, referenceAnswer: String?, referenceSteps: [String] = [],
        params: [(name: String, value: String)] = []
    ) {
        self.id = id
        self.prompt = prompt
        self.messages = messages
        self.referenceAnswer = referenceAnswer
        self.referenceSteps = referenceSteps
        self.params = params
        var hash = SHA256()
        hash.add(part: prompt)
        hash.add(part: messages)
        hash.add(part: referenceAnswer)
        hash.add(part: params.isEmpty ? nil : CanonicalJSON.object(params))
        digest = hash.text
    }

    /// The seed of a job: draws depend on seed and place in the text alone, so that problems under one seed would all
    /// draw the same numbers. Variants share the seeds of a problem.
    func seed(_ seed: UInt64) -> UInt64 {
        var hash = SHA256()
        hash.add(part: digest)
        hash.add(number: seed)
        return UInt64(hash.text.prefix(15), radix: 16) ?? seed
    }
}

/// The problems of a file.
struct EvaluationDataset {
    /// Its name, file and parameters.
    let source: EvaluationPlan.DatasetSource
    /// The problems; a task names them by their place.
    let problems: [EvaluationProblem]

    /// Whether any problem says which steps are right.
    var hasReferenceSteps: Bool { problems.contains { !$0.referenceSteps.isEmpty } }

    /// Reads the file.
    ///
    /// - Throws: ``FileFailure``; ``CommandFailure`` naming file and line.
    init(_ source: EvaluationPlan.DatasetSource) throws {
        self.source = source
        let problems = try Dataset.read(source.path, layout: source.layout).problems
        self.problems = problems.prefix(source.limit ?? .max).map(EvaluationProblem.init)
    }
}

extension EvaluationProblem {
    /// A problem of a file; its grader and task are parameters like others.
    init(_ problem: Problem) {
        var params = problem.parameters.map { ($0.name, CanonicalJSON.text($0.value)) }
        if let grader = problem.grader { params.append(("grader", CanonicalJSON.text(grader))) }
        if !problem.task.isEmpty { params.append(("task", JSONText.string(problem.task))) }
        self.init(
            id: problem.id, prompt: problem.prompt, messages: problem.messages,
            referenceAnswer: problem.referenceAnswer, referenceSteps: problem.referenceSteps, params: params)
    }
}
