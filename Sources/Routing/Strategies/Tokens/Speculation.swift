import Generation

/// How speculative decoding is done: the small model drafts tokens, the large one verifies them in one forward pass.
///
/// Source: Leviathan et al. (arXiv 2211.17192), Chen et al. (arXiv 2302.01318).
struct Speculation: Sendable, Hashable {
    /// Which drafted tokens are kept.
    enum Acceptance: String, Sendable, Hashable, CaseIterable {
        /// Those that equal what plain decoding draws; see ``DraftAcceptance/sameToken``.
        case sameToken = "same-token"
        /// By the ratio of probabilities; see ``DraftAcceptance/ratio(_:)``.
        case ratio
    }

    /// Tokens that the small model drafts for a pass of the large one; at least 1.
    ///
    /// The same for every round: a length that follows what was accepted before would have to follow from the trace.
    let draftTokens: Int
    /// Which of them are kept.
    let acceptance: Acceptance

    /// Tokens per draft where a job does not say; SpecReason's setting.
    static let usualDraftTokens = 5

    /// Why both models must have one vocabulary.
    static let vocabularyReason = "the large model verifies the very tokens that the small one drafts"

    /// Creates a description.
    init(draftTokens: Int, acceptance: Acceptance = .sameToken) {
        self.draftTokens = draftTokens
        self.acceptance = acceptance
    }

    /// Takes the keys `draft_tokens` and `acceptance`; `nil` if there is neither and no usual length.
    init?(_ reader: inout ParameterReader, usualDraftTokens: Int? = nil) throws(SpecificationError) {
        let tokens = try reader.integer("draft_tokens", in: 1...64) ?? usualDraftTokens
        let acceptance = try reader.name("acceptance", as: Acceptance.self)
        guard let tokens else {
            if let acceptance {
                throw SpecificationError(
                    key: "parameters.acceptance", expected: "draft_tokens beside it (it turns speculative decoding on)",
                    got: "\(acceptance.rawValue.debugDescription) alone")
            }
            return nil
        }
        self.init(draftTokens: tokens, acceptance: acceptance ?? .sameToken)
    }
}
