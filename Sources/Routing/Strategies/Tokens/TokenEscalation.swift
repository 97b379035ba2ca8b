import Generation

/// When the small model gives its turn to the large one inside a step. The token that it drew there is thrown away.
enum TokenEscalation: Sendable, Hashable {
    /// A rule on the distribution.
    case rule(HandoverRule.Condition)
    /// The pair's router of a method says yes. `value`: from which value on; `nil` for the router's own.
    case router(method: String, value: Double?, entropyAbove: Double? = nil)

    /// From which value on a router says yes that has no threshold of its own.
    static let usualRouterValue = 0.5

    /// The method whose router is needed.
    var router: String? {
        if case .router(let method, _, _) = self { method } else { nil }
    }

    /// The rule for a pair.
    ///
    /// - Throws: ``SpecificationError`` if the pair has no such router; jobs are checked for it before they begin.
    func handover(in pair: ModelPair) throws(SpecificationError) -> HandoverRule {
        switch self {
        case .rule(let condition): return HandoverRule(condition, token: .refused)
        case .router(let method, let value, let entropyAbove):
            guard let head = pair.routers[method] else {
                throw SpecificationError(
                    key: "strategy", expected: "a pair with a router for \(method)", got: "pair \(pair.name)")
            }
            let threshold = value ?? pair.slm.headThreshold(head) ?? Self.usualRouterValue
            return HandoverRule(
                .headAtLeast(head: head, value: threshold, entropyAbove: entropyAbove), token: .refused)
        }
    }
}
