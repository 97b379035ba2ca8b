import Engine
import Foundation
import Generation
import Logging
import Postgres
import Queue
import TestSupport
import Testing

@testable import Worker

/// A migrated database, and workers over the shipped model pair.
struct WorkerFixture {
    let database: TestDatabase
    let sql: Connection

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Runs a test on a fresh database, whose invariants are checked at its end.
    static func run(_ body: (WorkerFixture) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let fixture = WorkerFixture(database: database, sql: try await database.connect())
            try await body(fixture)
            await fixture.sql.close()
        }
    }

    func worker(
        slots: Int = 16, statementTimeout: Duration? = nil, models: String = "models.demo.json",
        change: (inout WorkerConfiguration) -> Void = { _ in }
    ) throws -> Worker {
        let file = Self.root.appendingPathComponent("Config/\(models)")
        let pool = try ModelPool(
            try ModelPoolDescription.read(file), relativeTo: file.deletingLastPathComponent(), threads: 1)
        var configuration = WorkerConfiguration()
        configuration.slots = slots
        configuration.stopsWhenIdle = true
        configuration.pollDelay = .milliseconds(20) ... .milliseconds(200)
        configuration.beatInterval = .milliseconds(200)
        change(&configuration)
        var options = database.options
        options.statementTimeout = statementTimeout
        return Worker(
            configuration, pool: pool, database: options, host: "test", processID: 1,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Enqueues shipped test problems by plain SQL.
    func enqueue(_ count: Int, strategy: String = "glimprouter", params: String = #"{"temperature": 0, "tau": 0.1}"#)
        async throws
    {
        struct Line: Decodable {
            var custom_id: String
            var prompt: String
            var reference_answer: String
        }
        let file = Self.root.appendingPathComponent("Ops/demo-pair/problems/test-500.jsonl")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").prefix(count)
        for line in lines {
            let problem = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
            try await sql.query(
                """
                INSERT INTO glimpq.job (custom_id, prompt, reference_answer, strategy, params)
                VALUES ($1, $2, $3, $4, $5::text::jsonb)
                """, [problem.custom_id, problem.prompt, problem.reference_answer, strategy, params])
        }
    }

    func count(_ query: String) async throws -> Int {
        Int(try await sql.query("SELECT count(*) FROM (\(query)) x").one().get(0, as: Int64.self))
    }

    /// Everything about all jobs that must not depend on how they were run: results and winning traces without costs.
    func content() async throws -> [String] {
        try await sql.query(
            """
            SELECT concat_ws('|', job_id, answer, output, correct, thinking_stop, finish_reason, steps, llm_steps,
                slm_tokens, llm_tokens, probe_tokens, slm_discarded_tokens, llm_discarded_tokens)
            FROM glimpq.result
            UNION ALL
            SELECT concat_ws('|', job_id, seq, kind, owner, model, rule, signal_name, signal_value, threshold, h_init,
                h_norm, h_top, probed_token, text, token_ids, finish_reason, mean_logprob, mean_entropy,
                tokens_kept, slm_discarded, llm_discarded)
            FROM glimpq.v_trace
            ORDER BY 1
            """
        ).map { try $0.get(0) }
    }
}
