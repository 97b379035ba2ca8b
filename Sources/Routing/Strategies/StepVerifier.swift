import Generation

/// Looks at a written step before it counts.
protocol StepVerifier: Sendable {
    /// Whether it asks a model, which is not worth while if the large model may write no more.
    var asksModels: Bool { get }

    /// Accepts the draft, or says who writes the step again.
    ///
    /// - Throws: What the models throw, for verifiers that ask one.
    func review(_ draft: StepDraft, in context: StepContext) async throws -> StepReview
}

extension StepVerifier {
    /// Some verifiers look at what the writer measured.
    var asksModels: Bool { false }
}

/// What a verifier says.
struct StepReview: Sendable, Hashable {
    /// What becomes of the draft.
    enum Verdict: Sendable, Hashable {
        /// The draft becomes the step.
        case accept
        /// The draft is thrown away and the step written again from the same place; the second draft is not reviewed.
        case rewrite
    }

    /// What becomes of the draft.
    var verdict: Verdict
    /// Why, and who writes: in place of the draft's own decision; `nil` leaves that.
    var decision: StepDecision?
    /// What becomes the step in place of the draft that was looked at: one of several. `nil`: that draft itself.
    var draft: StepDraft?
    /// For the trace.
    var details: StepDetails.Review?
    /// Work of the model that was asked.
    var work = ModelWork()

    /// The draft becomes the step.
    static func accept(_ decision: StepDecision? = nil) -> StepReview {
        StepReview(verdict: .accept, decision: decision)
    }

    /// The step is written again.
    static func rewrite(_ decision: StepDecision) -> StepReview {
        StepReview(verdict: .rewrite, decision: decision)
    }
}

/// Accepts every draft: for methods that decide before the step.
struct AcceptingVerifier: StepVerifier {
    /// Creates a verifier.
    init() {}

    func review(_ draft: StepDraft, in context: StepContext) -> StepReview { .accept() }
}
