import Generation

/// Ends the thinking behind a step that gives the answer.
///
/// Source: the code of SpecReason (arXiv 2504.07891), whose markers these are.
struct AnswerMarkerRule: ExitRule {
    /// What a step with the answer contains.
    static let markers = ["boxed", "Answer:", "ANSWER:"]

    func stop(after records: [StepRecord], settings: ReasoningSettings) -> ThinkingStop? {
        // A step that was cut at its length limit goes on: its answer may not be complete.
        guard let last = records.last, last.finish != .length else { return nil }
        var text = ""
        for record in records.reversed() {
            text = record.text + text
            if !record.isContinuation { break }
        }
        return Self.markers.contains { text.contains($0) } ? .answerMarker : nil
    }
}
