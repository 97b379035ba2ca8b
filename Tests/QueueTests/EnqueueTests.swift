import Postgres
import Queue
import TestSupport
import Testing

@Suite struct EnqueueTests {
    @Test func jobsGoInInBulkAndDuplicatesAreCounted() async throws {
        try await QueueFixture.run { queue in
            let options = try await queue.database.options(memberOf: "glimpq_producer")
            let jobs = (0..<250).map { NewJob(prompt: "p\($0)\n\t\\", customID: "c\($0)", seed: .max - UInt64($0)) }
            func load(_ jobs: [NewJob]) async throws -> JobInserter.Counts {
                let inserter = try await JobInserter.open(
                    options, batch: "b", limits: JobInserter.Limits(rows: 40, bytes: 1 << 20))
                try await inserter.add(contentsOf: jobs)
                return try await inserter.finish()
            }
            var counts = try await load(Array(jobs[..<100]))
            #expect(counts.inserted == 100 && counts.duplicates == 0)
            counts = try await load(jobs + [jobs[3]])  // again, with more, and once double in itself
            #expect(counts.inserted == 150 && counts.duplicates == 101)
            let row = try await queue.sql.query(
                "SELECT count(*) n, count(DISTINCT custom_id) d, min(seed) s, max(prompt) p FROM glimpq.job"
            ).one()
            #expect(try row.get("n", as: Int.self) == 250)
            #expect(try row.get("d", as: Int.self) == 250)
            #expect(try row.get("s", as: Int.self) == -250)
            #expect(try row.get("p", as: String.self) == "p99\n\t\\")
            #expect(try await queue.count("glimpq.batch") == 1)
        }
    }

    @Test func everyFieldOfANewJobArrives() async throws {
        try await QueueFixture.run { queue in
            let inserter = try await JobInserter.open(queue.database.options, batch: "b")
            let job = NewJob(
                messages: #"[{"role": "system", "content": "ä"}, {"role": "user", "content": "x"}]"#, customID: "7",
                strategy: "random", pair: "demo", params: #"{"share": 0.3}"#, seed: 42, referenceAnswer: "4",
                metadata: #"{"k": "v"}"#, priority: 9, queue: "default", tenant: "t", maximumAttempts: 5,
                timeoutSeconds: 90)
            try await inserter.add(job)
            #expect(try await inserter.finish().inserted == 1)
            let claimed = try #require(try await queue.claim(try await queue.register()).first)
            #expect(claimed.prompt == nil)
            #expect(claimed.messages == #"[{"role": "system", "content": "ä"}, {"role": "user", "content": "x"}]"#)
            #expect(claimed.customID == "7" && claimed.strategy == "random" && claimed.pair == "demo")
            #expect(claimed.params == #"{"share": 0.3}"# && claimed.seed == 42 && claimed.referenceAnswer == "4")
            #expect(claimed.metadata == #"{"k": "v"}"# && claimed.priority == 9 && claimed.maximumAttempts == 5)
            #expect(claimed.remaining == .seconds(90))
            let batch = inserter.batchID
            #expect(claimed.batchID == batch)
        }
    }

    @Test func anInvalidJobIsRefusedAloneBeforeItIsSent() async throws {
        try await QueueFixture.run { queue in
            let inserter = try await JobInserter.open(queue.database.options, batch: "b")
            try await inserter.add(NewJob(prompt: "good"))
            await #expect(throws: NewJobError.blankPrompt) { try await inserter.add(NewJob(prompt: " ")) }
            try await inserter.add(NewJob(prompt: "good too"))
            #expect(try await inserter.finish().inserted == 2)
        }
    }

    static let badRows: [(columns: String, values: String, constraint: String)] = [
        ("params", "'{}'", "job_prompt_or_messages"),
        ("prompt, messages", "'x', '[{\"role\": \"user\", \"content\": \"x\"}]'", "job_prompt_or_messages"),
        ("prompt", "E' \\n\\t'", "job_prompt_not_blank"),
        ("prompt", "repeat('x', 16777217)", "job_prompt_size"),
        ("prompt, params", "'x', '[]'", "job_params_object"),
        ("prompt, metadata", "'x', '3'", "job_metadata_object"),
        ("messages", "'[]'", "job_messages_valid"),
        ("messages", "'{\"role\": \"user\"}'", "job_messages_valid"),
        ("messages", "'[{\"role\": \"user\"}]'", "job_messages_valid"),
        ("messages", "'[{\"role\": \"alien\", \"content\": \"x\"}]'", "job_messages_valid"),
        ("messages", "'[{\"role\": \"user\", \"content\": 3}]'", "job_messages_valid"),
        ("messages", "'[{\"role\": 3, \"content\": \"x\"}]'", "job_messages_valid"),
        ("messages", "'[\"x\"]'", "job_messages_valid"),
        ("prompt, strategy", "'x', ''", "job_strategy_size"),
        ("prompt, max_attempts", "'x', 0", "job_max_attempts_range"),
        ("prompt, timeout", "'x', '-1 second'", "job_timeout_positive"),
        ("prompt, custom_id", "'x', ''", "job_custom_id_size"),
        ("prompt, state", "'x', 'sleeping'", "job_state_known"),
        ("prompt, state", "'x', 'running'", "job_claimed_has_epoch"),
        ("prompt, state", "'x', 'failed'", "job_terminal_has_finish_time"),
        ("prompt, state, finished_at", "'x', 'done', now()", "job_claimed_has_epoch"),
        ("prompt, finished_at", "'x', now()", "job_terminal_has_finish_time"),
    ]

    @Test func badRowsAreRefusedByNamedConstraints() async throws {
        try await QueueFixture.run { queue in
            for row in Self.badRows {
                let error = await #expect(throws: PostgresError.self) {
                    try await queue.sql.query("INSERT INTO glimpq.job (\(row.columns)) VALUES (\(row.values))")
                }
                #expect(error?.message?.constraint == row.constraint)
            }
            let stored = try await queue.count("glimpq.job")
            #expect(stored == 0)
        }
    }

    @Test func theEnqueueFunctionAnswersWithTheJob() async throws {
        try await QueueFixture.run { queue in
            let connection = try await Connection.connect(try await queue.database.options(memberOf: "glimpq_producer"))
            let sql = "SELECT glimpq.enqueue('p', batch => 'b', custom_id => $1, params => '{\"a\": 1}')"
            let first: Int64 = try await connection.query(sql, ["x"]).one().get(0)
            #expect(try await connection.query(sql, ["x"]).one().get(0) == first)
            #expect(try await connection.query(sql, ["y"]).one().get(0) != first)
            let held: Int64 = try await connection.query("SELECT glimpq.enqueue('p', held => true)").one().get(0)
            #expect(try await queue.state(held) == "held")
            let later: Int64 = try await connection.query(
                "SELECT glimpq.enqueue('p', run_at => now() + interval '1 day')"
            ).one().get(0)
            #expect(try await queue.state(later) == "delayed")
            await connection.close()
        }
    }

    @Test func copyAsAProducerIsEnough() async throws {
        try await QueueFixture.run { queue in
            let connection = try await Connection.connect(try await queue.database.options(memberOf: "glimpq_producer"))
            try await connection.beginCopy("COPY glimpq.job (prompt, reference_answer) FROM STDIN")
            try await connection.sendCopy(Array("1+1?\t2\n2+2?\t4\n".utf8))
            #expect(try await connection.endCopy() == 2)
            // A bad row refuses the COPY as a whole and names its constraint.
            try await connection.beginCopy("COPY glimpq.job (prompt) FROM STDIN")
            try await connection.sendCopy(Array("fine\n  \n".utf8))
            let error = await #expect(throws: PostgresError.self) { try await connection.endCopy() }
            #expect(error?.message?.constraint == "job_prompt_not_blank")
            #expect(try await queue.count("glimpq.job") == 2)
            await connection.close()
        }
    }
}
