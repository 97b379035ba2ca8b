/// The settings that can also come from the environment or the configuration file.
///
/// The raw value is the key; `database.url` is `GLIMPQ_DATABASE_URL` in the environment and in the file.
/// `Config/glimpq.example.env` documents each, which a test checks.
enum Setting: String, CaseIterable {
    case databaseURL = "database.url"
    case models
    case queue
    case threads
    case inFlight = "in.flight"
    case drainSeconds = "drain.seconds"
    case logLevel = "log.level"
    case logFormat = "log.format"
    case http

    /// Its name in the environment and in the configuration file.
    var variable: String { "GLIMPQ_" + rawValue.uppercased().replacing(".", with: "_") }

    /// Variables that are ours and are no settings of a command.
    static let otherVariables: Set<String> = [
        "GLIMPQ_CONFIG", "GLIMPQ_ISA", "GLIMPQ_TEST_DATABASE_URL", "GLIMPQ_POSTGRES_BIN", "GLIMPQ_SCRATCH",
    ]
}
