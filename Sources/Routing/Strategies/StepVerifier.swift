import Generation

/// Looks at a written step before it counts.
protocol StepVerifier: Sendable {
    /// Accepts the draft, or says who writes the step again.
    ///
    /// - Throws: What the models throw, for verifiers that ask one.
    func review(_ draft: StepDraft, in context: StepContext) async throws -> StepVerdict
}

/// What a verifier says.
enum StepVerdict: Sendable, Hashable {
    /// The draft becomes the step.
    case accept
    /// The draft is thrown away and the step written again from the same place; the second draft is not reviewed.
    case rewrite(StepDecision)
}

/// Accepts every draft: for methods that decide before the step.
struct AcceptingVerifier: StepVerifier {
    /// Creates a verifier.
    init() {}

    func review(_ draft: StepDraft, in context: StepContext) -> StepVerdict { .accept }
}
