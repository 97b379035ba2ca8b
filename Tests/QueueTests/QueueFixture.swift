import Logging
import Postgres
import Queue
import TestSupport
import Testing

/// A migrated database with a client, a superuser connection and helpers to play a worker.
struct QueueFixture {
    let database: TestDatabase
    let sql: Connection
    let client: QueueClient

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a test on a fresh database, whose invariants are checked at its end.
    static func run(_ body: (QueueFixture) async throws -> Void) async throws {
        try await TestDatabase.run { database in
            let fixture = QueueFixture(
                database: database, sql: try await database.connect(),
                client: QueueClient(database.options, logger: logger))
            try await body(fixture)
            await fixture.client.close()
            await fixture.sql.close()
        }
    }

    func register(capacity: Int = 64, queues: [String] = ["default"], pairs: [String] = ["demo"]) async throws -> Int64
    {
        try await client.register(
            WorkerRegistration(
                host: "test", processID: 1, version: "test", capacity: capacity, queues: queues, pairs: pairs)
        ).id
    }

    func claim(_ worker: Int64, _ limit: Int = 10) async throws -> [ClaimedJob] {
        try await client.claim(worker: worker, limit: limit, queues: ["default"], pairs: ["demo"])
    }

    /// Enqueues jobs by plain SQL; gives back their ids.
    @discardableResult
    func enqueue(_ count: Int) async throws -> [Int64] {
        try await sql.query(
            "INSERT INTO glimpq.job (prompt) SELECT 'problem ' || n FROM generate_series(1, $1) n RETURNING id",
            [Int32(count)]
        ).map { try $0.get(0) }
    }

    func result(_ lease: JobLease, output: String = "the answer is 4") -> FinishedJob {
        FinishedJob(lease, output: output, finishReason: "end_of_text", pair: "demo", engineVersion: "test")
    }

    func step(_ job: ClaimedJob, _ sequence: Int32, text: String = "so\n\n", owner: TraceRow.Owner = .slm)
        -> TraceRow
    {
        TraceRow(
            job.lease, sequence: sequence, day: job.day, kind: .thinking, owner: owner, model: "demo-\(owner)",
            text: text, tokenIDs: [sequence, 7])
    }

    /// Writes steps as a worker would.
    func write(_ steps: [TraceRow]) async throws {
        let writer = TraceWriter(database.options, logger: Self.logger)
        for step in steps { try await writer.append(step) }
        try await writer.flush()
        await writer.close()
    }

    /// Lets leases run out, as if the workers had been killed half a minute ago.
    func kill(_ workers: Int64...) async throws {
        try await sql.query(
            "UPDATE glimpq.worker SET lease_until = now() - interval '1 second' WHERE id = ANY ($1)", [workers])
    }

    func state(_ job: Int64) async throws -> String {
        try await sql.query("SELECT state FROM glimpq.job WHERE id = $1", [job]).one().get(0)
    }

    func count(_ sql: String, _ values: [any PostgresEncodable] = []) async throws -> Int {
        try await self.sql.query("SELECT count(*) FROM " + sql, values).one().get(0)
    }
}
