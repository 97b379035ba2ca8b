/// Why a call to the database failed.
public enum PostgresError: Error, Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// No connection could be made.
    case cannotConnect(ServerMessage)
    /// The connection broke; whether the statement took effect is unknown.
    case connectionLost(ServerMessage, statement: String)
    /// The server refused the statement.
    case server(ServerMessage, statement: String)
    /// The statement took longer than allowed and was cancelled.
    case timeout(seconds: Double, statement: String)
    /// The calling task was cancelled, and with it the statement.
    case cancelled(statement: String)
    /// A value does not have the type that was asked for.
    case decoding(column: String, expected: String, got: String, statement: String)
    /// The result has another number of rows than asked for.
    case rowCount(expected: String, got: Int, statement: String)
    /// A value cannot be sent: text with a NUL byte or ill-formed UTF-8.
    case invalidValue(parameter: Int, reason: String, statement: String)
    /// The connection is in no state for the call: closed, or in the middle of a COPY.
    case misuse(String)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .cannotConnect: "cannot_connect"
        case .connectionLost: "connection_lost"
        case .server: "server"
        case .timeout: "timeout"
        case .cancelled: "cancelled"
        case .decoding: "decoding"
        case .rowCount: "row_count"
        case .invalidValue: "invalid_value"
        case .misuse: "misuse"
        }
    }

    /// What the server or libpq said, if it was one of them.
    public var message: ServerMessage? {
        switch self {
        case .cannotConnect(let message), .connectionLost(let message, _), .server(let message, _): message
        default: nil
        }
    }

    /// The server's five-character code, e.g. `23505`.
    public var sqlState: String? { message.flatMap { $0.sqlState.isEmpty ? nil : $0.sqlState } }

    /// Whether a new connection may cure it: the connection broke or could not be made, the server is starting,
    /// stopping, has become read-only after a failover, or has no free slot.
    public var needsReconnect: Bool {
        switch self {
        case .connectionLost: return true
        case .cannotConnect(let message):
            // libpq gives no SQLSTATE for a refused connection, so that a wrong password looks like an outage: callers
            // that must not wait for ever limit their attempts.
            return message.sqlState.isEmpty || Self.isOutage(message.sqlState)
        case .server(let message, _): return Self.isOutage(message.sqlState)
        default: return false
        }
    }

    /// Whether the same transaction may succeed when repeated: serialization failure, deadlock, lock or statement
    /// timeout.
    public var isRetryable: Bool {
        if case .timeout = self { return true }
        return ["40001", "40P01", "55P03", "57014"].contains(sqlState ?? "")
    }

    /// Whether a statement was given up for taking too long, or for waiting too long for a lock.
    public var isTimeLimit: Bool {
        if case .timeout = self { return true }
        return ["55P03", "57014"].contains(sqlState ?? "")
    }

    private static func isOutage(_ state: String) -> Bool {
        state.hasPrefix("08") || ["57P01", "57P02", "57P03", "57P05", "25006", "53300"].contains(state)
    }

    /// What happened, without values of parameters or rows.
    public var description: String {
        switch self {
        case .cannotConnect(let message): "cannot connect to PostgreSQL: \(message.message)"
        case .connectionLost(let message, let statement):
            "connection to PostgreSQL lost: \(message.message) (statement: \(Self.short(statement)))"
        case .server(let message, let statement): Self.sentence(message, statement)
        case .timeout(let seconds, let statement):
            "statement cancelled after \(seconds) s: \(Self.short(statement))"
        case .cancelled(let statement): "statement cancelled with its task: \(Self.short(statement))"
        case .decoding(let column, let expected, let got, let statement):
            "column \(column): expected \(expected), got \(got) (statement: \(Self.short(statement)))"
        case .rowCount(let expected, let got, let statement):
            "expected \(expected), got \(got) rows (statement: \(Self.short(statement)))"
        case .invalidValue(let parameter, let reason, let statement):
            "parameter $\(parameter): \(reason) (statement: \(Self.short(statement)))"
        case .misuse(let reason): reason
        }
    }

    /// The description with the server's detail and context, which can quote values.
    public var debugDescription: String {
        [description, message?.detail, message?.context].compactMap { $0 }.joined(separator: "; ")
    }

    private static func sentence(_ message: ServerMessage, _ statement: String) -> String {
        var text = "\(message.severity) \(message.sqlState): \(message.redacted)"
        if let constraint = message.constraint { text += " [constraint \(constraint)]" }
        if let table = message.table { text += " [table \(table)]" }
        if let column = message.column { text += " [column \(column)]" }
        if let hint = message.hint { text += " – \(hint)" }
        return text + " (statement: \(short(statement)))"
    }

    /// The statement on one line, at most 200 characters.
    private static func short(_ statement: String) -> String {
        let line = statement.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 200 ? line.prefix(200) + "…" : line
    }
}
