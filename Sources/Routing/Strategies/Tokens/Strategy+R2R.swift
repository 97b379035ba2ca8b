import Generation

extension Strategy {
    /// What R2R looks at.
    private enum Router: String, CaseIterable {
        /// A trained router on the small model's hidden state, logits and token.
        case head
        /// Entropy in nats.
        case entropy
        /// Aleatoric uncertainty of the ten greatest logits.
        case logu
    }

    /// R2R: where the router says that the small model's token would lead astray, the large model writes that one token.
    ///
    /// Source: R2R (arXiv 2505.21600); the thresholds of the fallbacks without a router are those of its code. Steps are
    /// the skeleton's; they change nothing, as the small model has the turn behind every token of the large one. The
    /// answer is the finaliser's. Drafts (`draft_tokens`) help the answer only: the large model's rows are one token long.
    static func r2r(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let router = try reader.name("router", as: Router.self) ?? .head
        let expected = router == .head ? "a number in 0...1" : "a number, at least 0"
        let isValid = { (value: Double) in value >= 0 && (router != .head || value <= 1) }
        let threshold = try reader.number("threshold", expected: expected, where: isValid)
        let escalation: TokenEscalation =
            switch router {
            case .head: .router(method: "r2r", value: threshold)
            case .entropy: .rule(.entropyAtLeast(threshold ?? 0.45))
            case .logu: .rule(.aleatoricAtLeast(threshold ?? 2.275))
            }
        return tokenLevel("r2r", TokenLevelWriter(escalation: escalation, release: .oneToken))
    }
}
