import Postgres

/// A job's chain of thought with all that decided it.
struct TraceDocument {
    /// A reasoning step, or the answer.
    struct Step {
        var sequence: Int
        var kind: String
        var owner: String
        var model: String
        var epoch: Int64
        var rule: String?
        var signalName: String?
        var signalValue: Double?
        var threshold: Double?
        var initialEntropy: Double?
        var tokensKept: Int
        var tokensDiscarded: Int
        var milliseconds: Double
        var finishReason: String?
        var text: String
        /// The first step whose place this one takes, where the chain of thought went back.
        var rollback: Int?
        /// Whether a later step took its place.
        var isTakenBack = false

        /// Whether the large model wrote it.
        var isLarge: Bool { owner == "llm" }
    }

    /// A claim of the job.
    struct Attempt {
        var epoch: Int64
        var worker: Int64
        var outcome: String?
        var resumedFrom: Int64?
        var resumedAtStep: Int
        var stepsWritten: Int
        var errorClass: String?
        var errorMessage: String?
    }

    var job: Int64
    var batch: String?
    var customID: String?
    var state: String
    var strategy: String
    var parameters: String
    var pair: String?
    var prompt: String
    var answer: String?
    var referenceAnswer: String?
    var correct: Bool?
    var thinkingStop: String?
    var attempts: [Attempt]
    var steps: [Step]

    /// The steps apart from the answer.
    var thinking: [Step] { steps.filter { $0.kind == "thinking" } }

    /// Thinking steps that count, those that were taken back left out.
    var counting: [Step] { thinking.filter { !$0.isTakenBack } }

    /// Of these, the steps that the large model wrote.
    var largeSteps: Int { counting.count { $0.isLarge } }

    /// The threshold, where all steps that have one agree.
    var threshold: Double? {
        let values = Set(steps.compactMap(\.threshold))
        return values.count == 1 ? values.first : nil
    }

    /// The largest entropy or threshold: the top of a chart; at least a tenth of a nat.
    var ceiling: Double {
        max(steps.compactMap(\.initialEntropy).max() ?? 0, steps.compactMap(\.threshold).max() ?? 0, 0.1)
    }

    /// Marks the steps whose place later ones take.
    static func marked(_ steps: [Step]) -> [Step] {
        var marked = steps
        for (place, step) in steps.enumerated() {
            guard let first = step.rollback else { continue }
            for earlier in 0..<place where marked[earlier].sequence >= first { marked[earlier].isTakenBack = true }
        }
        return marked
    }

    /// `job 17 (div-000017, batch demo)`.
    var title: String {
        let names = [customID, batch.map { "batch \($0)" }].compactMap(\.self)
        return "job \(job)" + (names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")
    }

    /// `glimprouter {"tau": 0.2}, pair demo, 9 steps, 3 by the large model`.
    var subtitle: String {
        var parts = [strategy + (parameters == "{}" ? "" : " \(parameters)")]
        if let pair { parts.append("pair \(pair)") }
        parts.append("\(counting.count) steps, \(largeSteps) by the large model")
        if counting.count < thinking.count { parts.append("\(thinking.count - counting.count) taken back (×)") }
        return parts.joined(separator: ", ")
    }

    /// `done, correct`.
    var verdict: String {
        state + (correct.map { $0 ? ", correct" : ", wrong" } ?? "")
            + (thinkingStop.map { ", thinking ended: \($0)" } ?? "")
    }
}
