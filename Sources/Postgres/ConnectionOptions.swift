#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where and how to connect.
public struct ConnectionOptions: Sendable, CustomStringConvertible {
    /// A libpq connection string (`host=… dbname=…`) or a `postgres://` URL. What it leaves out comes from the usual
    /// `PG*` environment variables.
    public var string: String
    /// Shown in `pg_stat_activity` unless the connection string names another.
    public var applicationName: String
    /// Client-side limit for one statement; it also bounds the wait on a dead network. `nil` waits for ever.
    public var statementTimeout: Duration?
    /// Whether ``Connection/query(prepared:_:)`` keeps prepared statements on the server. Turn it off behind a
    /// transaction pooler that does not track them (PgBouncer before 1.21).
    public var preparesStatements: Bool
    /// Receives the server's notices and warnings, on the connection's own thread.
    public var onNotice: (@Sendable (ServerMessage) -> Void)?

    /// Creates options.
    public init(
        _ string: String = "", applicationName: String = "glimpq", statementTimeout: Duration? = nil,
        preparesStatements: Bool = true, onNotice: (@Sendable (ServerMessage) -> Void)? = nil
    ) {
        self.string = string
        self.applicationName = applicationName
        self.statementTimeout = statementTimeout
        self.preparesStatements = preparesStatements
        self.onNotice = onNotice
    }

    /// The connection string without its password.
    public var description: String { Redaction.connectionString(string) }

    /// Keywords and values for `PQconnectdbParams`. A later entry overrides an earlier one, so the connection string
    /// (expanded from `dbname`) overrides the defaults before it and not the encoding after it.
    var keywords: [(String, String)] {
        var result = [
            ("fallback_application_name", applicationName), ("keepalives", "1"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
        ]
        if getenv("PGCONNECT_TIMEOUT") == nil { result.append(("connect_timeout", "10")) }
        return result + [("dbname", string), ("client_encoding", "UTF8")]
    }
}
