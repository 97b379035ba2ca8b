import Generation
import Kernels

/// A hand-over rule as the engine looks at it, row by row.
struct HandoverWatch {
    private let rule: HandoverRule
    /// The head that the rule asks.
    let head: HeadUse?

    /// Logits that aleatoric uncertainty is read from, as in `thu-nics/R2R`.
    static let aleatoricSupport = 10

    /// Takes a rule on whose head, if it has one, is served.
    init(_ rule: HandoverRule, heads: [String: HeadUse]) {
        self.rule = rule
        if case .headAtLeast(let name, _, _) = rule.condition { head = heads[name] } else { head = nil }
    }

    /// Number of greatest logits that the rule needs.
    var topCount: Int {
        if case .aleatoricAtLeast = rule.condition { return Self.aleatoricSupport }
        return head?.topLogits ?? 0
    }

    /// The normalised entropy above which the head is asked; `nil`: always.
    var entropyAbove: Double? {
        if case .headAtLeast(_, _, let bound) = rule.condition { return bound }
        return nil
    }

    /// Whether the rule looks at a figure that is not a share of something.
    var asksEntropyInNats: Bool {
        switch rule.condition {
        case .entropyAtLeast, .aleatoricAtLeast: true
        case .normalisedEntropyAbove, .normalisedEntropyAtMost, .headAtLeast: false
        }
    }

    /// Whether the token is not taken where the rule fires.
    var refuses: Bool { rule.token == .refused }

    /// What the rule looks at; `nil`: its head was not asked.
    func value(
        _ statistics: LogitStatistics, top: ArraySlice<RankedToken>, head: Double?, logVocabulary: Double
    ) -> Double? {
        switch rule.condition {
        case .normalisedEntropyAbove, .normalisedEntropyAtMost:
            logVocabulary > 0 ? max(statistics.entropy, 0) / logVocabulary : 0
        case .entropyAtLeast: max(statistics.entropy, 0)
        case .aleatoricAtLeast: Evidence.aleatoricUncertainty(ofLogits: top.map { Double($0.logit) })
        case .headAtLeast: head
        }
    }

    /// Whether the rule fires at a value.
    func fires(at value: Double) -> Bool {
        switch rule.condition {
        case .normalisedEntropyAbove(let bound): value > bound
        case .normalisedEntropyAtMost(let bound): value <= bound
        case .entropyAtLeast(let bound), .aleatoricAtLeast(let bound): value >= bound
        case .headAtLeast(_, let bound, _): value >= bound
        }
    }
}
