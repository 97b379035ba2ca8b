import Foundation
import Logging
import Migrations
public import Postgres
import Queue
import Synchronization

/// A database of its own for one test, on the server that `Ops/test` starts.
public struct TestDatabase: Sendable {
    /// Name of the database.
    public let name: String
    /// How to connect to it as a superuser.
    public let options: ConnectionOptions

    /// The environment variable with a superuser's connection string.
    public static let variable = "GLIMPQ_TEST_DATABASE_URL"

    /// Connects as a superuser.
    public func connect() async throws -> Connection { try await Connection.connect(options) }

    /// How to connect as a new login user who is a member of one of the project's roles and of nothing else.
    public func options(memberOf role: String) async throws -> ConnectionOptions {
        let user = "\(name)_\(role)"
        let connection = try await connect()
        try await connection.run(
            script: """
                CREATE ROLE \(Identifier.quoted(user)) LOGIN PASSWORD 'test';
                GRANT \(Identifier.quoted(role)) TO \(Identifier.quoted(user));
                """)
        await connection.close()
        return ConnectionOptions(Self.string(options.string, adding: "user=\(user) password=test"))
    }

    /// Runs a test on a fresh database with the schema, checks the ``Invariants`` at its end, and drops it afterwards.
    public static func run<Result>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
        try await run(template: try await Template.shared.name()) { database in
            let result = try await body(database)
            let connection = try await database.connect()
            try await Invariants.check(connection)
            await connection.close()
            return result
        }
    }

    /// Runs a test on a fresh database without the schema, and drops it afterwards.
    public static func runEmpty<Result>(_ body: (TestDatabase) async throws -> Result) async throws -> Result {
        try await run(template: "template0", body)
    }

    private static func run<Result>(
        template: String, _ body: (TestDatabase) async throws -> Result
    ) async throws -> Result {
        await TestGate.server.enter()
        do {
            let result = try await runNow(template: template, body)
            await TestGate.server.leave()
            return result
        } catch {
            await TestGate.server.leave()
            throw error
        }
    }

    private static func runNow<Result>(
        template: String, _ body: (TestDatabase) async throws -> Result
    ) async throws -> Result {
        let server = try server()
        let name =
            "glimpq_test_\(ProcessInfo.processInfo.processIdentifier)_\(counter.add(1, ordering: .relaxed).newValue)"
        try await Template.create(name, from: template, on: server)
        let database = TestDatabase(
            name: name, options: ConnectionOptions(string(server.string, adding: "dbname=\(name)")))
        do {
            let result = try await body(database)
            try await database.drop(on: server)
            return result
        } catch {
            try? await database.drop(on: server)
            throw error
        }
    }

    private func drop(on server: ConnectionOptions) async throws {
        let connection = try await Connection.connect(server)
        try await connection.query("DROP DATABASE \(Identifier.quoted(name)) WITH (FORCE)")
        let users = try await connection.query(
            "SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, $1)", [name + "_glimpq_"])
        for user in users {
            try await connection.query("DROP ROLE \(Identifier.quoted(try user.get(0)))")
        }
        await connection.close()
    }

    private static let counter = Atomic<Int>(0)

    /// The server for tests.
    static func server() throws -> ConnectionOptions {
        guard let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty else {
            throw MissingTestServer()
        }
        return ConnectionOptions(url)
    }

    /// Adds keywords to a connection string in either form; they override earlier ones.
    static func string(_ base: String, adding keywords: String) -> String {
        guard base.contains("://") else { return base + " " + keywords }
        // A URL takes a database name in its path, everything else as query parameters.
        let pairs = keywords.split(separator: " ").joined(separator: "&")
        return base + (base.contains("?") ? "&" : "?") + pairs
    }
}

/// There is no database server to test on.
public struct MissingTestServer: Error, CustomStringConvertible {
    /// What to do.
    public var description: String {
        "\(TestDatabase.variable) is not set; run the tests with Ops/test, which starts a PostgreSQL server for them"
    }
}
