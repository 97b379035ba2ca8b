/// Quoting of names in SQL text.
public enum Identifier {
    /// The name in double quotes, safe to put into a statement.
    public static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
