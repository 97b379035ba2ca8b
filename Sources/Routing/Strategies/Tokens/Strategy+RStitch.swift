import Generation

extension Strategy {
    /// R-Stitch's default threshold: 0.02 of the ceiling, 0.24 nats at 151,936 logits.
    static let rStitchTau = 0.02

    /// R-Stitch: the small model decodes while its normalised entropy is at most τ; a token above is thrown away and
    /// drawn by the large model, which keeps the turn until a token of its own is at or below τ. That token is kept.
    ///
    /// Source: R-Stitch (arXiv 2507.17307). The entropy's ceiling is the logarithm of the number of logits that are
    /// scored, which the paper leaves open. Models change inside steps and keep their turn from step to step; the answer
    /// is the finaliser's, or routed as the paper does it (`native`).
    static func rStitch(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let tau = try normalisedTau(&reader)
        return try stitching("r-stitch", .rule(.normalisedEntropyAbove(tau)), backAt: tau, &reader)
    }

    /// R-Stitch+: above τ a router on the small model's hidden state says whether the token goes to the large model.
    ///
    /// The paper does not say whether a router decides on the way back too; here it is the entropy, as in R-Stitch.
    static func rStitchPlus(_ reader: inout ParameterReader) throws(SpecificationError) -> Strategy {
        let tau = try normalisedTau(&reader)
        let name = "r-stitch-plus"
        let value = try reader.number("switch_at", expected: "a number in 0...1") { (0...1).contains($0) }
        let escalation = TokenEscalation.router(
            method: name, value: value ?? TokenEscalation.usualRouterValue, entropyAbove: tau)
        return try stitching(name, escalation, backAt: tau, &reader)
    }

    private static func normalisedTau(_ reader: inout ParameterReader) throws(SpecificationError) -> Double {
        try reader.number("tau", expected: "a number in 0...1 (share of the entropy's ceiling)") {
            (0...1).contains($0)
        } ?? rStitchTau
    }

    private static func stitching(
        _ name: String, _ escalation: TokenEscalation, backAt tau: Double, _ reader: inout ParameterReader
    ) throws(SpecificationError) -> Strategy {
        let writer = TokenLevelWriter(escalation: escalation, release: .rule(.normalisedEntropyAtMost(tau)))
        var strategy = tokenLevel(name, writer)
        if try reader.flag("native") ?? false { strategy.answerWriter = writer }
        return strategy
    }

    /// A strategy whose models change inside steps.
    static func tokenLevel(_ name: String, _ writer: TokenLevelWriter) -> Strategy {
        var strategy = Strategy(name: name, policy: TokenLevelPolicy())
        strategy.writer = writer
        strategy.needs.equalVocabularies = "both write tokens of one step"
        if let router = writer.escalation.router { strategy.needs.routers.insert(router) }
        return strategy
    }
}
