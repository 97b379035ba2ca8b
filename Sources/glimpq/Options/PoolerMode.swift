/// What stands between the program and the server.
enum PoolerMode: String, CaseIterable {
    /// The server itself, or a pooler that gives each client a session.
    case none
    /// A pooler that gives out sessions for one transaction each: nothing that belongs to a session can be used.
    case transaction

    /// What the setting says, or else the hint in the connection URL.
    ///
    /// - Throws: ``CommandFailure`` for an unknown mode.
    init(_ settings: Settings) throws {
        guard let text = settings.text(.pooler) else {
            self = Self.parts(settings.text(.databaseURL) ?? "").isHinted ? .transaction : .none
            return
        }
        guard let mode = PoolerMode(rawValue: text) else {
            throw CommandFailure(
                .usage, "setting \(Setting.pooler.variable): expected none or transaction, got \(text.debugDescription)"
            )
        }
        self = mode
    }

    /// The connection string without the hint, which libpq does not know.
    static func url(_ settings: Settings) -> String { parts(settings.text(.databaseURL) ?? "").url }

    /// Takes `pgbouncer=true` out of a URL, as other clients write it, or out of a keyword string.
    private static func parts(_ text: String) -> (url: String, isHinted: Bool) {
        let hint = "pgbouncer=true"
        guard let found = text.firstRange(of: hint) else { return (text, false) }
        var start = found.lowerBound
        var end = found.upperBound
        if end < text.endIndex, text[end] == "&" || text[end] == " " {
            end = text.index(after: end)
        } else if start > text.startIndex {
            start = text.index(before: start)
        }
        return (String(text[..<start]) + String(text[end...]), true)
    }
}
