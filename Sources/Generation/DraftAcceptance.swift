/// How a model decides which tokens of a draft it keeps (speculative decoding). Both ways are lossless: what is kept is
/// distributed exactly as plain decoding would be.
public enum DraftAcceptance: Sendable, Hashable {
    /// Every position is drawn with the number that plain decoding would draw it with; the draft is kept while it equals
    /// what was drawn. The generation is then, token for token, the one without a draft, also when sampling. A drafter
    /// that draws with the same numbers is coupled to it, so that both agree wherever their distributions allow.
    case sameToken
    /// The classic rule (Leviathan et al., arXiv 2211.17192; Chen et al., arXiv 2302.01318): a drafted token is kept with
    /// probability min(1, p/q), else the position is drawn from the residual max(0, p − q). Needs what the drafter drew
    /// from, one distribution per drafted token (``Generation/proposals(endOfText:)``). Its draws differ from plain decoding, also
    /// behind an empty draft: a drafter that has nothing to offer drew something there that it did not.
    case ratio([TokenDistribution])
}

extension Generation {
    /// What the tokens of a draft were drawn from, given that the draft went on: the end of the text is never part of
    /// one, so without it the rest sums to 1. With it the rule would keep too much of the rest.
    ///
    /// - Parameter endOfText: The drafter's (``Vocabulary/endOfText``).
    public func proposals(endOfText: Set<TokenID>) -> DraftAcceptance {
        .ratio(distributions.map { $0.excluding(endOfText) })
    }
}
