/// How log lines look.
enum LogFormat: String, CaseIterable {
    /// For people: time, level, label, metadata, message.
    case text
    /// For programs: one JSON object per line.
    case json
}
