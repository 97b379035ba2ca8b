import Engine
import Foundation
import Generation
import Logging
import Metrics
import Postgres
import Queue
import Routing
import TestSupport
import Testing
import Worker

@testable import glimpq

/// Traces of every kind of method as a worker with the shipped models writes them, read back from the database.
@Suite struct TraceMethodsTests {
    private static let jobsPerMethod = 4

    private static let methods = [
        ("r-stitch", #"{"tau": 0.02}"#), ("r-stitch", #"{"tau": 0.005, "native": true, "draft_tokens": 3}"#),
        ("r2r", #"{"router": "entropy"}"#), ("speculative", #"{"draft_tokens": 4}"#),
        ("glimprouter", #"{"draft_tokens": 3, "tau": 0.2}"#), ("specreason", "{}"), ("rsd", #"{"scorer": "logprob"}"#),
        ("step-entropy", #"{"tau": 0.1}"#), ("speccot", #"{"drafts": 3, "temperature": 1}"#),
        ("deer", #"{"owner": "slm", "exit_words": []}"#),
        ("glimprouter", #"{"tau": 9, "temperature": 2.2, "drift": "rollback", "max_steps": 40}"#),
    ]

    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private struct Fixture {
        var sql: Connection
        var pool: ModelPool
        var metrics: [MetricFamily]
        var traces: [JobTrace]
        var documents: [TraceDocument] { traces.map { TraceDocument($0, job: $0.job.job) } }
    }

    /// Runs all methods on a few problems each.
    private func run(_ body: (Fixture) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let sql = try await database.connect()
            struct Line: Decodable { var prompt: String }
            let problems = try String(
                contentsOf: Self.root.appendingPathComponent("Ops/demo-pair/problems/hard-1000.jsonl"), encoding: .utf8
            ).split(separator: "\n").prefix(Self.jobsPerMethod).map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8)).prompt
            }
            for (strategy, params) in Self.methods {
                for prompt in problems {
                    try await sql.query(
                        "INSERT INTO glimpq.job (prompt, strategy, params, seed) VALUES ($1, $2, $3::text::jsonb, 7)",
                        [prompt, strategy, params])
                }
            }
            let file = Self.root.appendingPathComponent("Config/models.demo.json")
            let pool = try ModelPool(
                try ModelPoolDescription.read(file), relativeTo: file.deletingLastPathComponent(), threads: 1)
            var configuration = WorkerConfiguration()
            configuration.stopsWhenIdle = true
            configuration.pollDelay = .milliseconds(20) ... .milliseconds(200)
            let worker = Worker(
                configuration, pool: pool, database: database.options, host: "test", processID: 1,
                logger: SharedOptions.quietLogger)
            let summary = try await worker.run()
            #expect(summary.done == Self.methods.count * problems.count)

            let reader = QueueReader(database.options, logger: SharedOptions.quietLogger)
            var traces: [JobTrace] = []
            for row in try await sql.query("SELECT id FROM glimpq.job ORDER BY id") {
                traces.append(try #require(try await reader.trace(try row.get(0))))
            }
            try await body(Fixture(sql: sql, pool: pool, metrics: await worker.metrics, traces: traces))
            await reader.close()
            await sql.close()
        }
    }

    @Test func realTracesAreToldWhole() async throws {
        try await run { fixture in
            for document in fixture.documents {
                let page = document.html, terminal = document.terminal(Palette(isOn: false))
                for step in document.steps {
                    #expect(step.parts.map(\.text).joined() == step.text)
                    for line in StepNotes(step).lines {
                        #expect(terminal.contains("· \(line)\n"), "\(document.strategy)")
                        #expect(page.contains("<small>\(HTMLText.escaped(line))</small>"))
                    }
                }
                let drafts = document.steps.reduce(0) { $0 + StepNotes($1).drafts.count }
                #expect(page.components(separatedBy: "<details>").count == drafts + 1)
                #expect(try JSONSerialization.jsonObject(with: Data(document.json.utf8)) is [String: Any])
            }
            try piecesAreTheWriters(fixture)
            try await everyMethodHasSomethingToTell(fixture)
            try await theMetricsCountTheSame(fixture)
        }
    }

    /// The pieces against what the models' vocabulary says of the stored tokens.
    private func piecesAreTheWriters(_ fixture: Fixture) throws {
        let vocabulary = try #require(fixture.pool.pair(named: "demo")).slm.vocabulary
        var mixed = 0
        for trace in fixture.traces {
            let steps = TraceDocument(trace, job: trace.job.job).steps
            for (step, row) in zip(steps, trace.rows) where !step.details.segments.isEmpty {
                var rest = row.tokenIDs[...]
                var expected: [WrittenPart] = []
                for segment in step.details.segments where segment.tokens > 0 {
                    let text = vocabulary.text(of: rest.prefix(segment.tokens))
                    rest = rest.dropFirst(segment.tokens)
                    if let last = expected.indices.last, expected[last].isLarge == (segment.owner == .llm) {
                        expected[last].text += text
                    } else {
                        expected.append(WrittenPart(isLarge: segment.owner == .llm, text: text))
                    }
                }
                #expect(rest.isEmpty && step.parts == expected)
                mixed += step.parts.count > 1 ? 1 : 0
            }
        }
        #expect(mixed > 10)
    }

    private func everyMethodHasSomethingToTell(_ fixture: Fixture) async throws {
        func steps(_ strategy: String) -> [TraceDocument.Step] {
            fixture.documents.filter { $0.strategy == strategy }.flatMap(\.steps)
        }
        #expect(steps("speculative").contains { StepNotes($0).lines.contains { $0.hasPrefix("drafted ") } })
        for strategy in ["specreason", "rsd", "step-entropy", "speccot"] {
            let given = steps(strategy).filter { !$0.details.rejected.isEmpty }
            #expect(!given.isEmpty, "\(strategy)")
            // Every token that was thrown away stands in a draft, apart from those behind an end-of-thinking tag.
            for step in given {
                #expect(step.details.rejected.reduce(0) { $0 + $1.tokens } <= step.tokensDiscarded)
            }
        }
        #expect(steps("speccot").contains { $0.details.rejected.count == 2 })
        #expect(steps("deer").contains { $0.details.trial?.exits == true })
        let back = fixture.documents.filter { $0.steps.contains { $0.details.rollback != nil } }
        #expect(!back.isEmpty && back.allSatisfy { $0.subtitle.contains("taken back") })
    }

    private func theMetricsCountTheSame(_ fixture: Fixture) async throws {
        let row = try await fixture.sql.query(
            """
            SELECT sum((extra #>> '{drafting,drafted}')::int), sum((extra #>> '{drafting,accepted}')::int),
                count(*) FILTER (WHERE rule IN ('draft>tau', 'score<theta', 'reward<delta', 'none-chosen', 'non-finite')),
                count(*) FILTER (WHERE rule IN ('draft<=tau', 'score>=theta', 'reward>=delta', 'chosen')),
                count(*) FILTER (WHERE extra #>> '{trial,exits}' = 'true'),
                count(*) FILTER (WHERE extra #>> '{trial,exits}' = 'false'), count(extra -> 'rollback')
            FROM glimpq.step
            """
        ).one()
        func number(_ column: Int) throws -> Int { Int(try row.get(column, as: Int64.self)) }
        let lines = Set(PrometheusText.text(fixture.metrics).split(separator: "\n").map(String.init))
        for (line, value) in [
            (#"draft_tokens_total{verdict="accepted"}"#, try number(1)),
            (#"draft_tokens_total{verdict="refused"}"#, try number(0) - number(1)),
            (#"draft_steps_total{verdict="rewritten"}"#, try number(2)),
            (#"draft_steps_total{verdict="kept"}"#, try number(3)),
            (#"trial_answers_total{outcome="exit"}"#, try number(4)),
            (#"trial_answers_total{outcome="continue"}"#, try number(5)), ("rollbacks_total", try number(6)),
        ] {
            #expect(lines.contains("glimpq_worker_\(line) \(value)"), "\(line) \(value)")
            #expect(value > 0, "\(line)")
        }
        let stats: String = try await fixture.sql.query("SELECT stats::text FROM glimpq.worker").one().get(0)
        let share = try #require(StatusReader.draftAcceptance([stats]))
        #expect(share > 0 && share < 1)
    }

    @Test func jobsAreFoundByTheirNames() async throws {
        try await TestDatabase.run { database in
            let sql = try await database.connect()
            let job: Int64 = try await sql.query(
                "SELECT glimpq.enqueue(prompt => 'p', batch => 'monday', custom_id => 'a-1')"
            ).one().get(0)
            let reader = QueueReader(database.options, logger: SharedOptions.quietLogger)
            #expect(try await reader.job(customID: "a-1", batch: "monday") == job)
            #expect(try await reader.job(customID: "a-2", batch: "monday") == nil)
            await #expect(throws: QueueError.unknownBatch("tuesday")) {
                try await reader.job(customID: "a-1", batch: "tuesday")
            }
            let trace = try #require(try await reader.trace(job))
            let text = TraceDocument(trace, job: job).terminal(Palette(isOn: false))
            #expect(text.hasPrefix("job \(job) (a-1, batch monday)  ready\n"))
            #expect(text.hasSuffix("\np\n\nno worker has begun with it\n"))
            #expect(try await reader.trace(job + 1) == nil)
            await reader.close()
            await sql.close()
        }
    }
}
