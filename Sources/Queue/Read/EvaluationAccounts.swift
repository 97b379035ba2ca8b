internal import Postgres

/// What parts of methods that have no columns of their own came to in a cell; from the traces.
public struct EvaluationAccounts: Sendable, Hashable {
    /// Tokens that the small model drafted for the large one.
    public var drafted = 0
    /// Of these, kept.
    public var accepted = 0
    /// Steps that a judge or scorer looked at.
    public var reviews = 0
    /// Tokens that judges and scorers read.
    public var reviewPrefill = 0
    /// Tokens that judges wrote.
    public var reviewDecoded = 0
    /// Tokens that judges and scorers read × their parameters.
    public var reviewPrefillCompute = 0.0
    /// Tokens that judges wrote × their parameters.
    public var reviewDecodeCompute = 0.0
    /// Trial answers.
    public var trials = 0
    /// Trial answers that ended thinking.
    public var exits = 0
    /// Tokens of the small model's trial answers.
    public var slmTrial = 0
    /// Tokens of the large model's trial answers.
    public var llmTrial = 0
    /// Times that steps were taken back.
    public var rollbacks = 0

    /// Nothing.
    public init() {}
}

extension EvaluationStore {
    /// What traces tell of each cell, by its number; a cell that is not there has nothing to tell.
    ///
    /// - Throws: `PostgresError`.
    public func accounts(of evaluation: Int64) async throws -> [Int: EvaluationAccounts] {
        let rows = try await connection.run("evaluation accounts", attempts: 3) { connection in
            try await connection.query("SELECT * FROM glimpq.evaluation_accounts_v1($1)", [evaluation])
        }
        var accounts: [Int: EvaluationAccounts] = [:]
        for row in rows {
            var one = EvaluationAccounts()
            one.drafted = try row.get("drafted")
            one.accepted = try row.get("accepted")
            one.reviews = try row.get("reviews")
            one.reviewPrefill = try row.get("review_prefill")
            one.reviewDecoded = try row.get("review_decoded")
            one.reviewPrefillCompute = try row.get("review_prefill_compute")
            one.reviewDecodeCompute = try row.get("review_decode_compute")
            one.trials = try row.get("trials")
            one.exits = try row.get("exits")
            one.slmTrial = try row.get("slm_trial")
            one.llmTrial = try row.get("llm_trial")
            one.rollbacks = try row.get("rollbacks")
            accounts[try row.get("cell")] = one
        }
        return accounts
    }
}
