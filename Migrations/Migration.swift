/// One numbered SQL file, as it was compiled into the program.
public struct Migration: Sendable, Hashable {
    /// Its number, from the `V0001` of the file name.
    public var version: Int
    /// What it is about, from the file name.
    public var name: String
    /// The statements, run in one transaction.
    public var sql: String

    /// Creates a migration.
    public init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// Name of the file, e.g. `V0001__schema.sql`.
    public var file: String {
        let number = String(version)
        return "V" + String(repeating: "0", count: max(0, 4 - number.count)) + number + "__\(name).sql"
    }
}
