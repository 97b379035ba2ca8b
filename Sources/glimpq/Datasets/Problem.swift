/// One problem of a data set, ready to become jobs.
struct Problem: Sendable, Hashable {
    /// Unique within its data set; what jobs bear as `custom_id`.
    var id: String
    /// What is asked, as one user turn; `nil` where the file gives chat turns.
    var prompt: String?
    /// What is asked, as the JSON text of an array of turns; `nil` where there is a prompt.
    var messages: String?
    /// What the answer is compared with.
    var referenceAnswer: String
    /// The parameter `grader` as JSON text; `nil` where the file names none: the job's default, `exact`.
    var grader: String?
    /// What the jobs' `task` parameter says: thresholds are calibrated per task.
    var task: String
    /// Other parameters that the file sets: names and JSON texts, sorted by name.
    var parameters: [Member] = []
    /// What the file tells besides, as members of a JSON object.
    var metadata: [Member] = []
    /// The texts of the right steps in order, without the blank lines between them; empty where they are not known.
    var referenceSteps: [String] = []
    /// Where it stands in the file: the line (or, in a JSON array, the element), from 1.
    var place: Int

    /// A member of a JSON object.
    struct Member: Sendable, Hashable {
        var name: String
        /// JSON text.
        var value: String

        init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// All parameters of the problem itself: grader, task and what the file sets; JSON text of an object.
    var parameterObject: String {
        var members = parameters
        if let grader { members.append(Member("grader", grader)) }
        if !task.isEmpty { members.append(Member("task", JSONText.string(task))) }
        return JSONText.object(members.sorted { $0.name < $1.name }.map { ($0.name, $0.value) })
    }

    /// What the file tells besides, as JSON text of an object.
    var metadataObject: String { JSONText.object(metadata.map { ($0.name, $0.value) }) }

    /// The problem as a line of our own form.
    var line: String {
        var members: [(name: String, value: String)] = [("custom_id", JSONText.string(id))]
        if let messages {
            members.append(("messages", messages))
        } else {
            members.append(("prompt", JSONText.string(prompt ?? "")))
        }
        members.append(("reference_answer", JSONText.string(referenceAnswer)))
        members.append(("params", parameterObject))
        if !metadata.isEmpty { members.append(("metadata", metadataObject)) }
        return JSONText.object(members)
    }
}
