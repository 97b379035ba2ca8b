import ArgumentParser
import Logging
import Postgres

/// Options that every command has.
struct SharedOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the database is: postgres://… or host=… dbname=….",
            discussion: "Default: GLIMPQ_DATABASE_URL, else the PG* variables.", valueName: "url"))
    var database: String?

    @Option(name: .long, help: ArgumentHelp("Configuration file: lines of GLIMPQ_NAME=value.", valueName: "file"))
    var config: String?

    /// All settings.
    ///
    /// - Parameter flags: Settings that the command takes as flags of its own.
    func settings(_ flags: [Setting: String?] = [:]) throws -> Settings {
        var given = flags.compactMapValues(\.self)
        given[.databaseURL] = database
        return try Settings.load(flags: given, configuration: config)
    }

    /// How to connect.
    func connection(_ settings: Settings) -> ConnectionOptions {
        ConnectionOptions(settings.text(.databaseURL) ?? "")
    }

    /// Opens a connection, hands it to `body`, and closes it.
    func withConnection<Value: Sendable>(_ body: (Connection) async throws -> Value) async throws -> Value {
        let connection = try await Connection.connect(connection(try settings()))
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
