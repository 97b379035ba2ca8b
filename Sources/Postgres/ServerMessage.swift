import CPostgres

/// An error or notice as the server words it.
public struct ServerMessage: Sendable, Hashable {
    /// `ERROR`, `FATAL`, `NOTICE`, `LOG`, … in English whatever the server's language.
    public var severity: String
    /// Five characters, e.g. `23505`; empty if libpq made the message itself.
    public var sqlState: String
    /// The primary message, one line.
    public var message: String
    /// A second, longer message. Can quote values of rows: keep it out of logs.
    public var detail: String?
    /// What to do about it.
    public var hint: String?
    /// Call stack inside the server: functions and statements.
    public var context: String?
    /// The constraint that refused a row.
    public var constraint: String?
    /// The table concerned, with its schema.
    public var table: String?
    /// The column concerned.
    public var column: String?

    /// Reads the fields of an error or notice (`PQresultErrorField`).
    init(_ result: OpaquePointer?) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        severity = field("V") ?? field("S") ?? "ERROR"
        sqlState = field("C") ?? ""
        message = field("M") ?? PQresultErrorMessage(result).map { ServerMessage.trim(String(cString: $0)) } ?? ""
        detail = field("D")
        hint = field("H")
        context = field("W")
        constraint = field("n")
        let name = field("t")
        table = field("s").flatMap { schema in name.map { "\(schema).\($0)" } } ?? name
        column = field("c")
    }

    /// A message that libpq, not the server, made.
    init(client message: String) {
        severity = "FATAL"
        sqlState = ""
        self.message = ServerMessage.trim(message)
    }

    private static func trim(_ text: String) -> String {
        var text = text[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// The message without values: data exceptions (class 22) quote the offending input after `: "`.
    var redacted: String {
        guard sqlState.hasPrefix("22"), let quote = message.firstRange(of: ": \"") else { return message }
        return String(message[..<quote.lowerBound])
    }
}
