public import Migrations
public import Postgres

/// How the migrations of the program relate to what a database has.
public struct MigrationPlan: Sendable {
    /// A row of the ledger.
    public struct Applied: Sendable, Hashable {
        /// The migration's number.
        public var version: Int
        /// Its name.
        public var name: String
        /// SHA-256 of its text, in hexadecimal.
        public var sha256: String
        /// When it was applied.
        public var appliedAt: Timestamp
        /// Who applied it.
        public var appliedBy: String
        /// The version of the program that applied it.
        public var toolVersion: String
        /// How long it took, in milliseconds.
        public var milliseconds: Int

        /// Creates a row.
        public init(
            version: Int, name: String, sha256: String, appliedAt: Timestamp, appliedBy: String, toolVersion: String,
            milliseconds: Int
        ) {
            self.version = version
            self.name = name
            self.sha256 = sha256
            self.appliedAt = appliedAt
            self.appliedBy = appliedBy
            self.toolVersion = toolVersion
            self.milliseconds = milliseconds
        }
    }

    /// What the database has, in order.
    public var applied: [Applied]
    /// What it lacks, in order.
    public var pending: [Migration]
    /// What it has with other text.
    public var diverged: [Migration]
    /// Numbers in the ledger that the program does not know.
    public var unknown: [Int]

    /// Compares a ledger with the program's migrations.
    ///
    /// - Parameters:
    ///   - ledger: What the database has.
    ///   - migrations: What the program has.
    ///   - checksums: SHA-256 of each migration in hexadecimal, by version.
    public init(ledger: [Applied], migrations: [Migration], checksums: [Int: String]) {
        applied = ledger.sorted { $0.version < $1.version }
        let known = Dictionary(ledger.map { ($0.version, $0) }) { first, _ in first }
        pending = migrations.filter { known[$0.version] == nil }
        diverged = migrations.filter { migration in
            known[migration.version].map { $0.sha256 != checksums[migration.version] } ?? false
        }
        let versions = Set(migrations.map(\.version))
        unknown = ledger.map(\.version).filter { !versions.contains($0) }.sorted()
    }

    /// Whether the database has exactly the program's schema.
    public var isUpToDate: Bool { pending.isEmpty && diverged.isEmpty && unknown.isEmpty }

    /// The database's version; 0 if it has none.
    public var version: Int { applied.last?.version ?? 0 }

    /// - Throws: ``QueueError/migrationChanged(file:)`` if a migration was applied with other text.
    public func requireUnchanged() throws {
        if let first = diverged.first { throw QueueError.migrationChanged(file: first.file) }
    }
}
