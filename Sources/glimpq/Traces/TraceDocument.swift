import Routing

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
        /// What its method tells of it beyond that.
        var details = StepDetails()
        /// The same as it is stored, with what it cost; a JSON object.
        var extra: String?
        /// Whether a later step took its place.
        var isTakenBack = false

        /// Whether the large model wrote it, or most of it.
        var isLarge: Bool { owner == "llm" }

        /// Tokens of it that the large model wrote.
        var largeTokens: Int {
            if details.segments.isEmpty { return isLarge ? tokensKept : 0 }
            return details.segments.reduce(0) { $1.owner == .llm ? $0 + $1.tokens : $0 }
        }
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

    /// The largest entropy or threshold: the top of a chart; at least a tenth of a nat. Looks at all steps.
    var ceiling: Double {
        max(steps.compactMap(\.initialEntropy).max() ?? 0, steps.compactMap(\.threshold).max() ?? 0, 0.1)
    }

    /// Marks the steps whose place later ones take.
    static func marked(_ steps: [Step]) -> [Step] {
        var marked = steps
        for (place, step) in steps.enumerated() {
            guard let first = step.details.rollback else { continue }
            for earlier in 0..<place where marked[earlier].sequence >= first { marked[earlier].isTakenBack = true }
        }
        return marked
    }

    /// `job 17 (div-000017, batch demo)`.
    var title: String {
        let names = [customID, batch.map { "batch \($0)" }].compactMap(\.self)
        return "job \(job)" + (names.isEmpty ? "" : " (\(names.joined(separator: ", ")))")
    }

    /// `glimprouter {"tau": 0.2}, pair demo, 9 steps, 3 by the large model (40 % of the tokens)`.
    var subtitle: String {
        var parts = [strategy + (parameters == "{}" ? "" : " \(parameters)")]
        if let pair { parts.append("pair \(pair)") }
        let tokens = counting.reduce(0) { $0 + $1.tokensKept }
        let large = counting.reduce(0) { $0 + $1.largeTokens }
        let share = tokens > 0 ? " (\(Figures.percent(Double(large) / Double(tokens))) of the tokens)" : ""
        parts.append("\(counting.count) steps, \(largeSteps) by the large model\(share)")
        if counting.count < thinking.count { parts.append("\(thinking.count - counting.count) taken back (×)") }
        return parts.joined(separator: ", ")
    }

    /// What the methods did in all, taken-back steps included: `drafted 240 tokens, 79 % kept; 3 drafts given up`; empty
    /// if there is nothing to tell.
    var account: String {
        func counted(_ count: Int, _ one: String, _ many: String) -> String? {
            count > 0 ? "\(count) \(count == 1 ? one : many)" : nil
        }
        let drafting = steps.compactMap(\.details.drafting)
        let drafted = drafting.reduce(0) { $0 + $1.drafted }
        let accepted = drafting.reduce(0) { $0 + $1.accepted }
        let share = drafted > 0 ? Figures.percent(Double(accepted) / Double(drafted)) : ""
        return [
            drafted > 0 ? "drafted \(drafted) tokens, \(share) kept" : nil,
            counted(steps.count { $0.details.review != nil }, "step reviewed", "steps reviewed"),
            counted(steps.reduce(0) { $0 + $1.details.rejected.count }, "draft given up", "drafts given up"),
            counted(steps.count { $0.details.trial != nil }, "trial answer", "trial answers"),
        ].compactMap(\.self).joined(separator: ", ")
    }

    /// Why there are no steps; `nil` if there are some.
    var absence: String? {
        guard steps.isEmpty else { return nil }
        switch state {
        case "done": return "its trace is not kept any more"
        case "running": return "no step is finished yet"
        case "ready", "delayed", "held": return "no worker has begun with it"
        default: return "no step was finished"
        }
    }

    /// `done, correct`.
    var verdict: String {
        state + (correct.map { $0 ? ", correct" : ", wrong" } ?? "")
            + (thinkingStop.map { ", thinking ended: \($0)" } ?? "")
    }
}
