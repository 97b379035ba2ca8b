import ArgumentParser
import Worker

/// The root of all commands.
struct Glimpq: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glimpq",
        abstract: "Batch reasoning over a PostgreSQL work queue, by a small and a large language model together.",
        discussion: """
            Settings come from flags, else from GLIMPQ_* environment variables, else from the file named by --config or \
            GLIMPQ_CONFIG, else from defaults. Without a database URL the usual PG* variables apply.

            Exit codes: 0 done, 1 work failed, 2 usage, 3 environment (database, files, models).
            """,
        version: Product.version,
        subcommands: [
            Migrate.self, Enqueue.self, WorkerCommand.self, Status.self, Results.self, Trace.self, Cancel.self,
            Retry.self, Pause.self,
            Resume.self, Queues.self, Purge.self, Models.self, Calibrate.self, Evaluate.self, Bench.self, Doctor.self,
            Exporter.self,
        ])
}
