extension StepRecord {
    /// What became of the small model's draft of this step where a verifier looked at one: whether it is the step, or
    /// the large model wrote it again. `nil` where none did.
    public var keepsDraft: Bool? {
        let isReviewed = details.review != nil || !details.rejected.isEmpty || decision.rule == .draftAccepted
        return isReviewed ? owner == .slm : nil
    }
}
