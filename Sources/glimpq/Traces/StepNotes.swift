import Routing

/// What a step's method tells of it, in words.
struct StepNotes {
    private let step: TraceDocument.Step
    private var details: StepDetails { step.details }

    /// The notes of a step.
    init(_ step: TraceDocument.Step) { self.step = step }

    /// One sentence each; empty for a step of which there is nothing to tell.
    var lines: [String] { [rollback, writers, decision, review, drafting, trial].compactMap(\.self) }

    /// A draft that did not become the step.
    struct Draft {
        /// `draft of the small model, 12 tokens, given up`.
        var title: String
        var text: String
    }

    /// The drafts that were given up; equal ones once, and not those that equal the step.
    var drafts: [Draft] {
        var groups: [(draft: StepDetails.Rejected, places: [Int])] = []
        for (place, draft) in details.rejected.enumerated() where isReplaced || draft.text != step.text {
            if let group = groups.firstIndex(where: { $0.draft.text == draft.text }) {
                groups[group].places.append(place)
            } else {
                groups.append((draft, [place]))
            }
        }
        return groups.map { draft, places in
            let names = numbers.map { numbers in " " + places.map { "\(numbers[$0] + 1)" }.joined(separator: ", ") }
            let title = (places.count == 1 ? "draft" : "drafts") + (names ?? "")
            return Draft(
                title: "\(title) of the \(Self.name(draft.owner)), \(Self.counted(draft.tokens, "token")), given up",
                text: draft.text)
        }
    }

    /// Whether the step was written after its drafts had been given up.
    private var isReplaced: Bool { details.review?.kept == nil }

    /// Of each draft that was given up its place among those that a review tells of; `nil` if there was only one.
    private var numbers: [Int]? {
        guard let review = details.review, review.values.count > 1 else { return nil }
        let numbers = review.values.indices.filter { $0 != review.kept }
        return numbers.count == details.rejected.count ? numbers : nil
    }

    private var rollback: String? {
        details.rollback.map { "takes the place of step \($0) and those behind it" }
    }

    /// How many turns are told one by one.
    private static let mostTurns = 8

    private var writers: String? {
        let segments = details.segments
        guard segments.count > 1 else { return nil }
        guard segments.count > Self.mostTurns else {
            let turns = segments.map { segment in
                let signal = segment.signal.map { " (\(Self.number($0)))" } ?? ""
                return "\(segment.owner == .llm ? "large" : "small") \(segment.tokens)\(signal)"
            }
            return "tokens: \(turns.joined(separator: " → "))"
        }
        let small = step.tokensKept - step.largeTokens
        return "tokens: small \(small), large \(step.largeTokens), in \(segments.count) turns"
    }

    /// What decided, where that was not the first token's entropy, which has a place of its own, or a choice.
    private var decision: String? {
        if let review = details.review, review.values.count > 1 { return nil }
        guard let name = step.signalName, let value = step.signalValue, let words = Self.signals[name] else {
            return nil
        }
        let threshold = step.threshold.map { limit in
            " \(value < limit ? "<" : value > limit ? ">" : "=") \(Self.number(limit))"
        }
        let reviewer = details.review.flatMap { isSaid($0) ? " by \($0.model)" : nil }
        let fate = isReviewed ? ": \(step.isLarge ? "the large model writes" : "kept")" : ""
        return "\(words)\(reviewer ?? "") \(Self.number(value))\(threshold ?? "")\(fate)"
    }

    private static let signals = [
        "step_entropy": "mean entropy of the draft", "step_perplexity": "perplexity of the draft",
        "judge_score": "score of the draft", "reward": "reward of the draft",
        "llm_logprob": "mean log-probability of the draft", "draw": "draw",
        "entropy_rank": "rank of the entropy", "posterior": "probability of a hard step",
        "llm_share": "the large model's share so far",
    ]

    private var isReviewed: Bool {
        details.review != nil || !details.rejected.isEmpty || step.rule == StepDecision.Rule.draftAccepted.rawValue
    }

    /// Whether the decision says already what a review says.
    private func isSaid(_ review: StepDetails.Review) -> Bool {
        review.values.count == 1 && review.values[0] == step.signalValue
    }

    private var review: String? {
        guard let review = details.review, !isSaid(review) else { return nil }
        let values = review.values.map { $0.map(Self.number) ?? "–" }.joined(separator: ", ")
        if review.values.count > 1 {
            let choice = review.kept.map { "draft \($0 + 1)" } ?? "none"
            let none = review.kept == nil && step.signalName == "choice" ? step.signalValue.map(Self.number) : nil
            return "\(review.model) chose \(choice) of \(review.values.count): \(values)"
                + (none.map { ", none \($0)" } ?? "")
        }
        return "\(review.model): \(values)"
    }

    private var drafting: String? {
        guard let drafting = details.drafting, drafting.rounds > 0 else { return nil }
        let share =
            drafting.drafted > 0
            ? " (\(Figures.percent(Double(drafting.accepted) / Double(drafting.drafted))))" : ""
        return "drafted \(Self.counted(drafting.drafted, "token")) in \(Self.counted(drafting.rounds, "round")), "
            + "\(drafting.accepted) kept\(share)"
    }

    private var trial: String? {
        guard let trial = details.trial else { return nil }
        let sign = trial.confidence > trial.threshold ? ">" : "≤"
        return "trial answer of the \(Self.name(trial.owner)) \(trial.answer.printable.debugDescription), sure by "
            + "\(Self.number(trial.confidence)) \(sign) \(Self.number(trial.threshold)): "
            + (trial.exits ? "thinking ends" : "it thinks on")
    }

    private static func name(_ owner: StepOwner) -> String { owner == .llm ? "large model" : "small model" }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// At most three decimals: `5`, `0.24`, `-0.357`.
    private static func number(_ value: Double) -> String {
        var text = Figures.fixed(value, 3)
        while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
