import Foundation
import Postgres
import Queue
import TestSupport
import Testing

@testable import glimpq

@Suite struct QueueRoundTripTests {
    /// Writes lines to a file, enqueues it, and hands over what became of it.
    private func enqueue(_ lines: [String], batch: String, _ database: TestDatabase) async throws -> EnqueueSummary {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("glimpq-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        var run = EnqueueRun(
            path: file.path, batch: batch, parser: JobParser(defaults: JobDefaults()), reporter: EnqueueReporter())
        try await run.insert(database.options, logger: SharedOptions.quietLogger)
        return run.summary
    }

    @Test func badLinesLeaveTheOthersUntouchedAndDuplicatesAreSkipped() async throws {
        try await TestDatabase.run { database in
            let lines = [
                #"{"custom_id":"a","prompt":"tab\t\\n 'quote' \\N é 😀","metadata":{"k":"\\"}}"#,
                #"{"custom_id":"b"}"#,
                #"{"custom_id":"c","messages":[{"role":"user","content":"x\ny"}],"seed":18446744073709551615}"#,
                "", "nonsense",
            ]
            let first = try await enqueue(lines, batch: "b", database)
            #expect((first.inserted, first.duplicates, first.refused) == (2, 0, 2))
            let again = try await enqueue(lines + [#"{"custom_id":"d","prompt":"z"}"#], batch: "b", database)
            #expect((again.inserted, again.duplicates, again.refused) == (1, 2, 2))
            #expect(again.batchID == first.batchID)

            let connection = try await database.connect()
            let rows = try await connection.query(
                "SELECT custom_id, prompt, messages::text, seed, metadata::text FROM glimpq.job ORDER BY custom_id")
            #expect(try rows[0].get("prompt", as: String.self) == "tab\t\\n 'quote' \\N é 😀")
            #expect(try rows[0].get("metadata", as: String.self) == #"{"k": "\\"}"#)
            #expect(try rows[1].get("messages", as: String.self).contains(#"x\ny"#))
            #expect(try rows[1].get("seed", as: Int64.self) == -1)
            await connection.close()
        }
    }

    @Test func resultsInEveryForm() async throws {
        try await TestDatabase.run { database in
            _ = try await enqueue(
                [
                    #"{"custom_id":"x,1","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"q"}]}}"#,
                    #"{"custom_id":"x2","prompt":"q"}"#,
                ], batch: "it's", database)
            let client = QueueClient(database.options, logger: SharedOptions.quietLogger)
            let worker = try await client.register(
                WorkerRegistration(
                    host: "h", processID: 1, version: "0", capacity: 2, queues: ["default"], pairs: ["demo"]))
            let jobs = try await client.claim(worker: worker.id, limit: 2, queues: ["default"], pairs: ["demo"])
            var result = FinishedJob(
                jobs[0].lease, output: "so\n\n</think>\n\nfour \"4\"", finishReason: "end_of_text", pair: "demo",
                engineVersion: "0")
            (result.slmTokens, result.llmTokens, result.promptTokens) = (5, 7, 3)
            _ = try await client.finish([result])
            _ = try await client.fail([
                FailedJob(jobs[1].lease, error: .badInput, message: "too long", decision: .fail)
            ])
            await client.close()

            let reader = QueueReader(database.options, logger: SharedOptions.quietLogger)
            var ended: [ExportedJob] = []
            for try await job in reader.results(.init(batch: "it's")) { ended.append(job) }
            #expect(ended.map(\.state) == ["done", "failed"])

            let record = try object(ResultFormat.jsonl.text(ended[0]))
            #expect(record["custom_id"] as? String == "x,1")
            #expect(record["output"] as? String == "so\n\n</think>\n\nfour \"4\"")
            #expect(ResultFormat.csv.text(ended[0]).contains(#","x,1",done,"#))

            let line = try object(ResultFormat.openai.text(ended[0]))
            let body = try #require((line["response"] as? [String: Any])?["body"] as? [String: Any])
            #expect(body["model"] as? String == "m")
            #expect((body["usage"] as? [String: Any])?["total_tokens"] as? Int == 15)
            let message = (body["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any]
            #expect(message?["content"] as? String == "four \"4\"")
            #expect(message?["reasoning_content"] as? String == "so\n\n")
            #expect(line["error"] is NSNull)

            let failure = try object(ResultFormat.openai.text(ended[1]))
            #expect((failure["error"] as? [String: Any])?["code"] as? String == "bad_input")
            #expect((failure["error"] as? [String: Any])?["message"] as? String == "too long")
            #expect(failure["response"] is NSNull)

            var source = StatusReader(reader, newest: 5)
            let status = try await source.read()
            #expect(status.batches.map(\.done) == [1])
            #expect(status.workers.map(\.state) == ["live"])
            let trace = try await reader.trace(ended[1].job)
            #expect(trace.map { TraceDocument($0, job: ended[1].job).attempts.first?.errorMessage } == "too long")
            await reader.close()
        }
    }

    @Test func doctorTellsWhatToMend() async throws {
        try await TestDatabase.runEmpty { database in
            let findings = await DatabaseChecks(options: database.options).run()
            let schema = findings.first { $0.name == "schema" }
            #expect(schema?.grade == .broken)
            #expect(schema?.remedy == "run: glimpq migrate")
        }
        try await TestDatabase.run { database in
            let findings = await DatabaseChecks(options: database.options).run()
            #expect(findings.filter { $0.grade == .broken }.map(\.name) == [])
        }
        let nowhere = await DatabaseChecks(options: ConnectionOptions("host=/nonexistent")).run()
        #expect(nowhere.map(\.grade) == [.broken])
    }

    private func object(_ line: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(line.utf8))
        return try #require(value as? [String: Any])
    }
}
