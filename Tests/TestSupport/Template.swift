import Logging
import Migrations
import Postgres
import Queue

/// The migrated database that test databases are copied from; made once per set of migrations and server.
actor Template {
    static let shared = Template()
    private var creation: Task<String, any Error>?

    func name() async throws -> String {
        if let creation { return try await creation.value }
        let task = Task { try await Self.create() }
        creation = task
        return try await task.value
    }

    /// Copies a database; several processes and tasks may do so at once.
    static func create(_ name: String, from template: String, on server: ConnectionOptions) async throws {
        let connection = try await Connection.connect(server)
        var attempts = 0
        while true {
            do {
                try await connection.query(
                    "CREATE DATABASE \(Identifier.quoted(name)) TEMPLATE \(Identifier.quoted(template))")
                break
            } catch let error as PostgresError where error.sqlState == "55006" && attempts < 100 {
                attempts += 1  // somebody is still connected to the template
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        await connection.close()
    }

    private static func create() async throws -> String {
        let server = try TestDatabase.server()
        let name = "glimpq_template_\(String(fingerprint, radix: 16))"
        let connection = try await Connection.connect(server)
        try await connection.query("SELECT pg_advisory_lock(hashtextextended('glimpq.test_template', 0))")
        let known = try await connection.query("SELECT FROM pg_database WHERE datname = $1", [name])
        if known.isEmpty {
            let draft = name + "_draft"  // renamed when complete, so that a template is never half migrated
            try await connection.query("DROP DATABASE IF EXISTS \(Identifier.quoted(draft)) WITH (FORCE)")
            try await connection.query("CREATE DATABASE \(Identifier.quoted(draft)) TEMPLATE template0")
            let options = ConnectionOptions(TestDatabase.string(server.string, adding: "dbname=\(draft)"))
            try await Migrator(
                options, toolVersion: "test", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ).migrate()
            try await connection.query(
                "ALTER DATABASE \(Identifier.quoted(draft)) RENAME TO \(Identifier.quoted(name))")
        }
        await connection.close()
        return name
    }

    /// FNV-1a over the text of all migrations.
    private static var fingerprint: UInt64 {
        Migrations.all.flatMap(\.sql.utf8).reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
