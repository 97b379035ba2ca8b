import Postgres
import Queue

/// The batch object of the OpenAI API for one of our batches. Files have no numbers here: `glimpq results` writes them.
struct OpenAIBatch {
    private let batch: BatchOverview
    private let facts: BatchFacts

    init(_ batch: BatchOverview, _ facts: BatchFacts) {
        self.batch = batch
        self.facts = facts
    }

    /// `in_progress`, `completed`, `cancelling` or `cancelled`.
    private var status: String {
        if batch.open > 0 { return batch.cancelledAt == nil ? "in_progress" : "cancelling" }
        return batch.cancelledAt != nil && batch.cancelled > 0 ? "cancelled" : "completed"
    }

    /// One line.
    var json: String {
        func time(_ time: Timestamp?) -> String { time.map { "\(Int($0.seconds))" } ?? "null" }
        let output = facts.slmTokens + facts.llmTokens
        return JSONText.object([
            ("id", JSONText.string("batch_\(batch.id)")), ("object", "\"batch\""),
            ("endpoint", facts.endpoint.map(JSONText.string) ?? "null"), ("errors", "null"),
            ("input_file_id", "null"), ("completion_window", "\"24h\""), ("status", JSONText.string(status)),
            ("output_file_id", "null"), ("error_file_id", "null"), ("created_at", time(batch.createdAt)),
            ("in_progress_at", time(facts.firstClaimedAt)), ("expires_at", "null"), ("finalizing_at", "null"),
            ("completed_at", status == "completed" ? time(facts.lastFinishedAt) : "null"), ("failed_at", "null"),
            ("expired_at", "null"), ("cancelling_at", time(batch.cancelledAt)),
            ("cancelled_at", status == "cancelled" ? time(facts.lastFinishedAt) : "null"),
            (
                "request_counts",
                JSONText.object([
                    ("total", "\(batch.total)"), ("completed", "\(batch.done)"),
                    ("failed", "\(batch.failed + batch.quarantined + batch.cancelled)"),
                ])
            ),
            (
                "usage",
                JSONText.object([
                    ("input_tokens", "\(facts.promptTokens)"), ("output_tokens", "\(output)"),
                    ("total_tokens", "\(facts.promptTokens + output)"),
                ])
            ),
            ("metadata", JSONText.object([("name", JSONText.string(batch.batch))])),
        ])
    }
}
