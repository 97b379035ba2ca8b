/// Removes secrets from connection strings before they are shown.
enum Redaction {
    /// Replaces the password of a URL (`user:password@`, `password=` in its query) or of a keyword string.
    static func connectionString(_ text: String) -> String {
        if let scheme = text.firstRange(of: "://") {
            var rest = String(text[scheme.upperBound...])
            if let at = rest.prefix(while: { $0 != "/" && $0 != "?" }).lastIndex(of: "@"),
                let colon = rest[..<at].firstIndex(of: ":")
            {
                rest.replaceSubrange(rest.index(after: colon)..<at, with: "***")
            }
            return text[..<scheme.upperBound] + hidePassword(rest, until: "&")
        }
        return hidePassword(text, until: " ")
    }

    private static func hidePassword(_ text: String, until end: Character) -> String {
        guard let key = text.firstRange(of: "password") else { return text }
        let tail = text[key.upperBound...]
        guard let equals = tail.firstIndex(of: "=") else { return text }
        let value = tail[tail.index(after: equals)...].drop { $0 == " " }
        let stop: Substring.Index
        if value.first == "'" {
            let closing = value.dropFirst().firstIndex(of: "'")
            stop = closing.map { value.index(after: $0) } ?? value.endIndex
        } else {
            stop = value.firstIndex(of: end) ?? value.endIndex
        }
        return text[..<value.startIndex] + "***" + text[stop...]
    }
}
