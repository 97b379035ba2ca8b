public import Generation

/// A small and a large model that solve a job together.
public struct ModelPair: Sendable {
    /// The name that a job asks for.
    public let name: String
    /// The small model.
    public let slm: any LanguageModel
    /// The large model.
    public let llm: any LanguageModel
    /// First-token entropies (full vocabulary, nats) of the small model on a sample of problems, in ascending order:
    /// what a target intervention rate starts from. May be empty.
    public let priorEntropies: [Double]
    /// Sure and unsure steps in that sample; `nil` if it is too small.
    public let priorMixture: GaussianMixture?
    /// Whether both exchange token ids; else they exchange text.
    public let exchangesTokens: Bool
    /// Grades steps; `nil`: the large model does.
    public var judge: Assistant?
    /// Scores steps; `nil`: the large model's log-probabilities stand in.
    public var scorer: Assistant?
    /// Heads that route tokens, by the method that asks for them (`r2r`, `r-stitch-plus`).
    public var routers: [String: String] = [:]

    /// Creates a pair.
    ///
    /// - Parameter priorEntropies: In any order; values that are not finite are left out.
    public init(name: String, slm: any LanguageModel, llm: any LanguageModel, priorEntropies: [Double] = []) {
        self.name = name
        self.slm = slm
        self.llm = llm
        self.priorEntropies = priorEntropies.filter(\.isFinite).sorted()
        priorMixture = GaussianMixture.ofEntropies(self.priorEntropies)
        exchangesTokens = slm.vocabulary.isInterchangeable(with: llm.vocabulary)
    }

    /// The model of an owner.
    public subscript(owner: StepOwner) -> any LanguageModel { owner == .slm ? slm : llm }
}
