/// Text on its way into a column.
public enum StoredText {
    /// The text with U+FFFD for every NUL, which PostgreSQL cannot store. For what models generate: a strange token must
    /// not cost the job. The trace keeps the exact token ids.
    public static func sanitized(_ text: String) -> String {
        guard text.utf8.contains(0) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
