import Postgres
import Synchronization
import TestSupport
import Testing

@Suite struct ConnectionTests {
    @Test func serverErrorsCarryTheirStateAndHideValues() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            try await connection.run(script: "CREATE TABLE t (id int CONSTRAINT positive CHECK (id > 0), secret text)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("INSERT INTO t VALUES ($1, $2)", [Int32(-5), "hunter2"])
            }
            #expect(error?.code == "server")
            #expect(error?.sqlState == "23514")
            #expect(error?.message?.constraint == "positive")
            #expect(error?.description.contains("positive") == true)
            #expect(error?.description.contains("hunter2") == false)
            #expect(error?.debugDescription.contains("hunter2") == true)
            let input = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT $1::text::int", ["hunter2"])
            }
            #expect(input?.sqlState == "22P02")
            #expect(input?.description.contains("hunter2") == false)
            // The connection goes on.
            #expect(try await connection.query("SELECT 1").one().get(0, as: Int.self) == 1)
        }
    }

    @Test func aNulByteIsRefusedBeforeItIsSent() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT $1::int, $2::text", [Int32(1), "a\0b"])
            }
            #expect(error?.code == "invalid_value")
            #expect(error?.description.contains("parameter $2") == true)
        }
    }

    @Test func aTransactionRollsBackWhenItsBodyThrows() async throws {
        struct Stop: Error {}
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            try await connection.run(script: "CREATE TABLE t (id int)")
            await #expect(throws: Stop.self) {
                try await connection.transaction { connection in
                    try connection.query("INSERT INTO t VALUES (1)")
                    throw Stop()
                }
            }
            try await connection.transaction { connection in
                _ = try connection.query("INSERT INTO t VALUES (2)")
            }
            let ids: [Int] = try await connection.query("SELECT id FROM t").map { try $0.get(0) }
            #expect(ids == [2])
            #expect(await connection.isInTransaction == false)
        }
    }

    @Test(arguments: [true, false])
    func preparedStatementsGiveTheSameAnswers(prepares: Bool) async throws {
        try await TestDatabase.runEmpty { database in
            var options = database.options
            options.preparesStatements = prepares
            let connection = try await Connection.connect(options)
            for value in 1...10 {
                #expect(
                    try await connection.query(prepared: "SELECT $1::bigint * 2", [value]).one().get(0) == value * 2)
            }
            let held: Int = try await connection.query("SELECT count(*) FROM pg_prepared_statements").one().get(0)
            #expect(held == (prepares ? 1 : 0))
        }
    }

    @Test func copyInAndOutKeepEveryCharacter() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            try await connection.run(script: "CREATE TABLE t (id int, body text)")
            let bodies: [String?] = ["plain", "tab\tnewline\nreturn\rback\\slash\\N", "", nil, "🙂 ü"]
            var encoder = CopyTextEncoder()
            for (index, body) in bodies.enumerated() {
                encoder.append(String(index))
                encoder.append(body)
                encoder.endRow()
            }
            try await connection.beginCopy("COPY t FROM STDIN")
            let busy = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
            #expect(busy?.code == "misuse")
            let bytes = encoder.take()
            try await connection.sendCopy(Array(bytes.prefix(13)))  // cut inside a row
            try await connection.sendCopy(Array(bytes.dropFirst(13)))
            #expect(try await connection.endCopy() == bodies.count)
            let stored: [String?] = try await connection.query("SELECT body FROM t ORDER BY id").map { try $0.get(0) }
            #expect(stored == bodies)

            let copied = Mutex<[UInt8]>([])
            let count = try await connection.copyOut("COPY (SELECT * FROM t ORDER BY id) TO STDOUT") { row in
                copied.withLock { $0 += row }
            }
            #expect(count == bodies.count)
            #expect(copied.withLock { $0 } == bytes)
        }
    }

    @Test func anAbortedCopyLeavesNothing() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            try await connection.run(script: "CREATE TABLE t (id int)")
            try await connection.beginCopy("COPY t FROM STDIN")
            try await connection.sendCopy(Array("1\n2\n".utf8))
            try await connection.abortCopy("changed my mind")
            #expect(try await connection.query("SELECT count(*) FROM t").one().get(0, as: Int.self) == 0)
        }
    }

    @Test func aStatementOverItsTimeIsCancelledAndTheConnectionGoesOn() async throws {
        try await TestDatabase.runEmpty { database in
            var options = database.options
            options.statementTimeout = .milliseconds(200)
            let connection = try await Connection.connect(options)
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(60)") }
            #expect(error?.code == "timeout")
            #expect(error?.isRetryable == true)
            #expect(try await connection.query("SELECT 1").one().get(0, as: Int.self) == 1)
        }
    }

    @Test func cancellingTheTaskCancelsTheStatement() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let task = Task { try await connection.query("SELECT pg_sleep(60)") }
            try await Task.sleep(for: .milliseconds(100))
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == "cancelled")
            #expect(try await connection.query("SELECT 1").one().get(0, as: Int.self) == 1)
        }
    }

    @Test func aKilledConnectionSaysSo() async throws {
        try await TestDatabase.runEmpty { database in
            let connection = try await database.connect()
            let other = try await database.connect()
            try await other.query("SELECT pg_terminate_backend($1)", [await connection.backendID])
            let error = await #expect(throws: PostgresError.self) {
                for _ in 1...50 {
                    try await connection.query("SELECT 1")
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(error?.needsReconnect == true)
            #expect(await connection.isOpen == false)
        }
    }

    @Test func noticesReachTheirReceiver() async throws {
        try await TestDatabase.runEmpty { database in
            let seen = Mutex<[String]>([])
            var options = database.options
            options.onNotice = { message in seen.withLock { $0.append(message.message) } }
            let connection = try await Connection.connect(options)
            try await connection.run(script: "DO $$ BEGIN RAISE NOTICE 'mind the gap'; END $$")
            #expect(seen.withLock { $0 } == ["mind the gap"])
        }
    }

    @Test func aServerThatIsNotThereIsNamed() async throws {
        let error = await #expect(throws: PostgresError.self) {
            try await Connection.connect(ConnectionOptions("host=/nonexistent port=1"))
        }
        #expect(error?.code == "cannot_connect")
        #expect(error?.needsReconnect == true)
        #expect(error?.description.contains("/nonexistent") == true)
    }

    @Test(arguments: [
        ("postgres://ann:s3cret@db/x?sslmode=require", "postgres://ann:***@db/x?sslmode=require"),
        ("postgresql://db/x?password=s3cret&user=ann", "postgresql://db/x?password=***&user=ann"),
        ("host=db password=s3cret user=ann", "host=db password=*** user=ann"),
        ("host=db password = 's3 cret' user=ann", "host=db password = *** user=ann"),
        ("host=db", "host=db"),
    ])
    func passwordsAreNotShown(string: String, shown: String) {
        #expect(ConnectionOptions(string).description == shown)
    }
}
