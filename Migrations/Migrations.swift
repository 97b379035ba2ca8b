/// The numbered SQL migrations, in order, as they were compiled into the program.
public enum Migrations {
    /// Bytes of the first migration.
    public static var first: [UInt8] { PackageResources.V0001__schema_sql }
}
