import ArgumentParser
import Logging
import Postgres
import Queue

/// Options that every command has.
struct SharedOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the database is: postgres://… or host=… dbname=….",
            discussion: "Default: GLIMPQ_DATABASE_URL, else the PG* variables.", valueName: "url"))
    var database: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What stands between here and the server: none, or transaction for a pooler in transaction mode.",
            discussion: "Default: GLIMPQ_POOLER, else none.", valueName: "mode"))
    var pooler: String?

    @Option(name: .long, help: ArgumentHelp("Configuration file: lines of GLIMPQ_NAME=value.", valueName: "file"))
    var config: String?

    /// All settings.
    ///
    /// - Parameter flags: Settings that the command takes as flags of its own.
    func settings(_ flags: [Setting: String?] = [:]) throws -> Settings {
        var given = flags.compactMapValues(\.self)
        given[.databaseURL] = database
        given[.pooler] = pooler
        let settings = try Settings.load(flags: given, configuration: config)
        _ = try PoolerMode(settings)
        return settings
    }

    /// How to connect.
    func connection(_ settings: Settings) -> ConnectionOptions {
        let mode = (try? PoolerMode(settings)) ?? .none
        return ConnectionOptions(PoolerMode.url(settings), preparesStatements: mode == .none)
    }

    /// Reads from the queue.
    func withReader<Value: Sendable>(_ body: (QueueReader) async throws -> Value) async throws -> Value {
        let reader = QueueReader(connection(try settings()), logger: Self.quietLogger)
        do {
            let value = try await body(reader)
            await reader.close()
            return value
        } catch {
            await reader.close()
            throw error
        }
    }

    /// Changes what is in the queue.
    func withControl<Value: Sendable>(_ body: (JobControl) async throws -> Value) async throws -> Value {
        let control = JobControl(connection(try settings()), logger: Self.quietLogger)
        do {
            let value = try await body(control)
            await control.close()
            return value
        } catch {
            await control.close()
            throw error
        }
    }

    /// For commands that a person waits for: what goes wrong ends up in their error message.
    static let quietLogger = Logger(label: "glimpq") { _ in SwiftLogNoOpLogHandler() }
}
