import ArgumentParser
import Migrations
import Queue
import Worker

/// Brings the database to the schema of this program.
struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create or upgrade the schema.",
        discussion:
            "Needs a direct connection (not through a transaction pooler) as a user who may create schemas and roles.")

    @OptionGroup var shared: SharedOptions

    @Flag(help: "Only say what the database has and lacks; exit code 1 if it lacks something.")
    var status = false

    @Flag(help: "Only print the SQL, for a database administrator to run with psql on an empty database.")
    var sql = false

    func validate() throws {
        if status && sql { throw ValidationError("--status and --sql exclude each other.") }
    }

    func run() async throws {
        if sql {
            try ByteSink.standardOutput.write(Migrator.script(toolVersion: Product.version))
            return
        }
        let options = shared.connection(try shared.settings())
        let migrator = Migrator(options, toolVersion: Product.version, logger: SharedOptions.quietLogger)
        if status {
            let plan = try await migrator.status()
            try ByteSink.standardOutput.write(Self.report(plan))
            if !plan.isUpToDate { throw QuietEnd(status: .failed) }
            return
        }
        let applied = try await migrator.migrate()
        let done = applied.map { "applied \($0.file)\n" }.joined()
        let version = Migrations.latestVersion
        try ByteSink.standardOutput.write(
            done + (applied.isEmpty ? "nothing to do: " : "done: ") + "the schema is at version \(version)\n")
    }

    /// One line per migration.
    static func report(_ plan: MigrationPlan) -> String {
        let applied = plan.applied.map { entry in
            let changed = plan.diverged.contains { $0.version == entry.version }
            return
                "\(changed ? "CHANGED" : "applied")  \(entry.version)  \(entry.name)  \(entry.appliedAt.text)  by \(entry.appliedBy)\n"
        }
        let pending = plan.pending.map { "pending  \($0.version)  \($0.name)\n" }
        let unknown = plan.unknown.map { "UNKNOWN  \($0)  (made by a newer program)\n" }
        return (applied + pending + unknown).joined()
    }
}
