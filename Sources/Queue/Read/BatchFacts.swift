public import Postgres

/// When a batch was worked on, and what it took. Reads all of its results.
public struct BatchFacts: Sendable, Hashable {
    /// When its first job was claimed, of those with a result.
    public var firstClaimedAt: Timestamp?
    /// When its last job ended.
    public var lastFinishedAt: Timestamp?
    /// Tokens of prompts.
    public var promptTokens: Int
    /// Tokens the small model wrote.
    public var slmTokens: Int
    /// Tokens the large model wrote.
    public var llmTokens: Int
    /// Where its first request was meant to go, if it came from an OpenAI batch file.
    public var endpoint: String?
}

extension QueueReader {
    /// When a batch was worked on, and what it took.
    ///
    /// - Throws: ``QueueError/unknownBatch(_:)``, `PostgresError`.
    public func facts(batch name: String) async throws -> BatchFacts {
        let sql = """
            SELECT p.first_claimed_at, p.last_finished_at, p.slm_tokens, p.llm_tokens,
                (SELECT coalesce(sum(e.prompt_tokens), 0)::bigint FROM glimpq.v_export e WHERE e.batch_id = p.batch_id)
                    AS prompt_tokens,
                (SELECT e.metadata ->> 'url' FROM glimpq.v_export e WHERE e.batch_id = p.batch_id LIMIT 1) AS endpoint
            FROM glimpq.v_batch_progress p WHERE p.batch = $1
            """
        guard let row = try await rows(sql, [name]).oneOrNone() else { throw QueueError.unknownBatch(name) }
        return BatchFacts(
            firstClaimedAt: try row.get("first_claimed_at"), lastFinishedAt: try row.get("last_finished_at"),
            promptTokens: try row.get("prompt_tokens"), slmTokens: try row.get("slm_tokens"),
            llmTokens: try row.get("llm_tokens"), endpoint: try row.get("endpoint"))
    }
}
