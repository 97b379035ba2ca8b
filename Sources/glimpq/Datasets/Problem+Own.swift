extension Problem {
    /// Our own form: as `glimpq enqueue` takes it, with a reference answer. The parameters `grader` and `task` stand in
    /// `params`; other keys that concern a queue are refused here, as the run decides about them.
    static func own(_ record: DatasetRecord) throws(LineFault) -> Problem {
        let known = [
            "custom_id", "prompt", "messages", "reference_answer", "reference_steps", "params", "metadata", "seed",
        ]
        if let stray = record.names.first(where: { !known.contains($0) }) {
            throw LineFault(stray, "unknown key; known are " + known.joined(separator: ", "))
        }
        let prompt = record.value("prompt")?.text
        let messages = record.value("messages")
        guard (prompt == nil) != (messages == nil) else {
            throw LineFault("prompt", "expected a prompt or messages, got \(prompt == nil ? "neither" : "both")")
        }
        var problem = Problem(
            id: record.id("problem", "custom_id", else: prompt ?? messages?.text ?? ""), prompt: prompt,
            messages: messages?.text, referenceAnswer: try record.text("reference_answer"), task: "",
            place: record.place)
        for member in try members("params", of: record) {
            switch member.name {
            case "grader": problem.grader = member.value
            case "task": problem.task = try string(member)
            default: problem.parameters.append(member)
            }
        }
        problem.metadata = try members("metadata", of: record)
        problem.referenceSteps = try referenceSteps(record)
        return problem
    }

    /// What `evaluate` compares written steps with.
    private static func referenceSteps(_ record: DatasetRecord) throws(LineFault) -> [String] {
        guard let value = record.value("reference_steps") else { return [] }
        guard let node = try? JSONReader.parse(Array(value.json.utf8)), case .array(let elements) = node.value,
            elements.allSatisfy({ $0.string != nil })
        else {
            throw LineFault(
                "reference_steps", "expected an array of texts, got \(value.text.prefix(40).debugDescription)")
        }
        return elements.compactMap(\.string)
    }

    private static func members(_ name: String, of record: DatasetRecord) throws(LineFault) -> [Member] {
        guard let value = record.value(name) else { return [] }
        let bytes = Array(value.text.utf8)
        guard let node = try? JSONReader.parse(bytes), case .object(let members) = node.value else {
            throw LineFault(name, "expected an object, got \(value.text.prefix(40).debugDescription)")
        }
        return members.map { Member($0.name, String(decoding: bytes[$0.node.range], as: UTF8.self)) }
            .sorted { $0.name < $1.name }
    }

    private static func string(_ member: Member) throws(LineFault) -> String {
        guard let text = (try? JSONReader.parse(Array(member.value.utf8)))?.string else {
            throw LineFault("params.\(member.name)", "expected a string, got \(member.value.prefix(40))")
        }
        return text
    }
}
