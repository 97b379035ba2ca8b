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

    /// Thinking steps that the large model wrote.
    var largeSteps: Int { thinking.count { $0.isLarge } }

    /// The threshold, where all steps that have one agree.
    var threshold: Double? {
        let values = Set(steps.compactMap(\.threshold))
        return values.count == 1 ? values.first : nil
    }

    /// The largest entropy or threshold: the top of a chart; at least a tenth of a nat.
    var ceiling: Double {
        max(steps.compactMap(\.initialEntropy).max() ?? 0, steps.compactMap(\.threshold).max() ?? 0, 0.1)
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
        parts.append("\(thinking.count) steps, \(largeSteps) by the large model")
        return parts.joined(separator: ", ")
    }

    /// `done, correct`.
    var verdict: String {
        state + (correct.map { $0 ? ", correct" : ", wrong" } ?? "")
            + (thinkingStop.map { ", thinking ended: \($0)" } ?? "")
    }
}
