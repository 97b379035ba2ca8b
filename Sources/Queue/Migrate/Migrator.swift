public import Logging
public import Migrations
public import Postgres

/// Brings a database to the schema of this program.
///
/// The runner needs a connection of its own to the server itself, not through a transaction pooler: it holds a session
/// lock, so that of two runners at once one waits and then finds nothing to do.
public struct Migrator: Sendable {
    private let options: ConnectionOptions
    private let migrations: [Migration]
    private let toolVersion: String
    private let logger: Logger

    /// Creates a migrator.
    ///
    /// - Parameters:
    ///   - options: The database; the user must be allowed to create schemas and roles.
    ///   - migrations: What to apply.
    ///   - toolVersion: Noted in the ledger.
    public init(
        _ options: ConnectionOptions, migrations: [Migration] = Migrations.all, toolVersion: String, logger: Logger
    ) {
        self.options = options
        self.migrations = migrations
        self.toolVersion = toolVersion
        self.logger = logger
    }

    /// What the database has and lacks; changes nothing.
    ///
    /// - Throws: `PostgresError`.
    public func status() async throws -> MigrationPlan {
        let connection = try await Connection.connect(options)
        let plan = try await plan(connection)
        await connection.close()
        return plan
    }

    /// Checks that the database has exactly this program's schema.
    ///
    /// - Throws: ``QueueError`` that says what differs; `PostgresError`.
    public func verify() async throws {
        let plan = try await status()
        try plan.requireUnchanged()
        if plan.applied.isEmpty { throw QueueError.schemaMissing }
        if !plan.pending.isEmpty { throw QueueError.schemaTooOld(found: plan.version, needed: migrations.count) }
        if !plan.unknown.isEmpty { throw QueueError.schemaTooNew(found: plan.version, known: migrations.count) }
    }

    /// Applies what is pending, each file in a transaction of its own.
    ///
    /// - Returns: What was applied.
    /// - Throws: ``QueueError/migrationChanged(file:)``, ``QueueError/serverTooOld(version:)``, `PostgresError`.
    @discardableResult
    public func migrate() async throws -> [Migration] {
        let connection = try await Connection.connect(options)
        let version = Int(await connection.serverVersion)
        guard version >= 150_000 else { throw QueueError.serverTooOld(version: version) }
        try await connection.query("SELECT pg_advisory_lock(hashtextextended('glimpq.migrate', 0))")
        try await connection.run(script: "SET lock_timeout = '3s'")
        let plan = try await plan(connection)
        try plan.requireUnchanged()
        if plan.applied.isEmpty { try await connection.run(script: Self.ledger) }
        for migration in plan.pending { try await apply(migration, on: connection) }
        await connection.close()  // gives the lock back
        return plan.pending
    }

    /// Applies one file; waits and tries again when someone else holds a lock that it needs.
    private func apply(_ migration: Migration, on connection: Connection) async throws {
        var backoff = Backoff(initial: .milliseconds(200), ceiling: .seconds(3))
        for attempt in 1... {
            do {
                try await run(migration, on: connection)
                logger.info("migration applied", metadata: ["file": "\(migration.file)"])
                return
            } catch let error as PostgresError where error.isRetryable && attempt < 10 {
                logger.warning(
                    "migration waits for a lock", metadata: ["file": "\(migration.file)", "error": "\(error)"])
                try await Task.sleep(for: backoff.delay(random: .random(in: 0..<1)))
            }
        }
    }

    /// The ledger row comes first in the transaction, so that runners which evade the lock collide there.
    private func run(_ migration: Migration, on connection: Connection) async throws {
        let toolVersion = self.toolVersion
        try await connection.transaction { connection in
            try connection.query(
                """
                INSERT INTO glimpq.schema_migration (version, name, sha256, tool_version)
                VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'), $4)
                """, [Int32(migration.version), migration.name, migration.sql, toolVersion])
            try connection.run(script: migration.sql)
            try connection.run(script: "RESET ROLE")
            try connection.query(
                """
                UPDATE glimpq.schema_migration
                SET duration_ms = extract(epoch FROM clock_timestamp() - applied_at) * 1000 WHERE version = $1
                """, [Int32(migration.version)])
        }
    }

    private func plan(_ connection: Connection) async throws -> MigrationPlan {
        let exists: Bool = try await connection.query(
            "SELECT to_regclass('glimpq.schema_migration') IS NOT NULL"
        ).one().get(0)
        let sums = try await connection.query(
            """
            SELECT m.version, encode(sha256(convert_to(m.sql, 'UTF8')), 'hex') AS sum
            FROM unnest($1::int[], $2::text[]) AS m(version, sql)
            """, [migrations.map { Int32($0.version) }, migrations.map(\.sql)])
        var checksums: [Int: String] = [:]
        for row in sums { checksums[try row.get("version")] = try row.get("sum", as: String.self) }
        guard exists else { return MigrationPlan(ledger: [], migrations: migrations, checksums: checksums) }
        let ledger = try await connection.query("SELECT * FROM glimpq.schema_migration ORDER BY version").map { row in
            MigrationPlan.Applied(
                version: try row.get("version"), name: try row.get("name"), sha256: try row.get("sha256"),
                appliedAt: try row.get("applied_at"), appliedBy: try row.get("applied_by"),
                toolVersion: try row.get("tool_version"), milliseconds: try row.get("duration_ms"))
        }
        return MigrationPlan(ledger: ledger, migrations: migrations, checksums: checksums)
    }

    /// Makes the schema and the table of what has been applied.
    static let ledger = """
        CREATE SCHEMA IF NOT EXISTS glimpq;
        CREATE TABLE IF NOT EXISTS glimpq.schema_migration (
            version      int PRIMARY KEY,
            name         text NOT NULL,
            sha256       text NOT NULL,
            applied_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
            applied_by   name NOT NULL DEFAULT session_user,
            tool_version text NOT NULL,
            duration_ms  bigint NOT NULL DEFAULT 0
        );
        COMMENT ON TABLE glimpq.schema_migration IS 'Which migrations this database has, and the checksums of their text.'
        """
}
