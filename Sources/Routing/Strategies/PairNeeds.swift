import Generation

/// What a strategy needs of the models it is to run on; checked before a job begins.
struct PairNeeds: Sendable, Hashable {
    /// Why both models must have the same vocabulary, in words for a message; `nil`: they need not.
    var equalVocabularies: String?
    /// Methods whose router the pair must have (``ModelPair/routers``).
    var routers: Set<String> = []
    /// Whether the pair must have a scorer with a head.
    var scorer = false
    /// Whether the pair must have a sample of entropies that a mixture can be fitted to (``ModelPair/priorMixture``).
    var entropySample = false
    /// Models that read the transcript beside those that may write steps.
    var readers: Set<StepOwner> = []
    /// Number of drafts that are written side by side.
    var drafts = 0

    /// Needs nothing.
    init() {}

    /// Checks a pair.
    ///
    /// - Throws: ``SpecificationError`` that names what is missing.
    func check(_ pair: ModelPair, strategy: String) throws(SpecificationError) {
        if let reason = equalVocabularies, !pair.exchangesTokens {
            throw SpecificationError(
                key: "strategy", expected: "a pair whose models have the same vocabulary, as \(reason)",
                got: "pair \(pair.name) of \(pair.slm.identity.name) and \(pair.llm.identity.name), which differ in it")
        }
        for router in routers.sorted() where pair.routers[router] == nil {
            throw SpecificationError(
                key: "strategy", expected: "a pair with a router for \(router) (\"router\" in the pool file)",
                got: "pair \(pair.name), which has none")
        }
        if entropySample, pair.priorMixture == nil {
            throw SpecificationError(
                key: "parameters.posterior",
                expected: "a pair with \(GaussianMixture.fewestValues) different entropies or more "
                    + "(\"entropy_sample\" in the pool file)",
                got: "pair \(pair.name), which has \(pair.priorEntropies.count)")
        }
        if scorer, pair.scorer?.head == nil {
            throw SpecificationError(
                key: "parameters.scorer", expected: "a pair with a scorer (\"scorer\" in the pool file)",
                got: "pair \(pair.name), which has none")
        }
    }
}
