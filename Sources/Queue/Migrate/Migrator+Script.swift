import Migrations

extension Migrator {
    /// All migrations as one script for `psql`, with the ledger kept as ``migrate()`` keeps it, so that both ways can
    /// follow one another. For an empty database; a transaction per migration.
    ///
    /// - Parameter toolVersion: Stands in the ledger.
    public static func script(toolVersion: String) -> String {
        let quotedVersion = "'" + toolVersion.replacing("'", with: "''") + "'"
        let parts = Migrations.all.map { migration in
            """
            BEGIN;
            INSERT INTO glimpq.schema_migration (version, name, sha256, tool_version)
            VALUES (\(migration.version), '\(migration.name)',
                encode(sha256(convert_to($glimpq_migration$\(migration.sql)$glimpq_migration$, 'UTF8')), 'hex'),
                \(quotedVersion));
            -- \(migration.file)
            \(migration.sql)
            RESET ROLE;
            COMMIT;

            """
        }
        return "\\set ON_ERROR_STOP on\n\(ledger);\n\n" + parts.joined(separator: "\n")
    }
}
