/// The numbered SQL migrations that were compiled into the program.
public enum Migrations {
    /// All migrations in order, numbered from 1 without gaps.
    public static let all: [Migration] = [
        ("schema", PackageResources.V0001__schema_sql),
        ("tables", PackageResources.V0002__tables_sql),
        ("step_partitions", PackageResources.V0003__step_partitions_sql),
        ("claim", PackageResources.V0004__claim_sql),
        ("finish", PackageResources.V0005__finish_sql),
        ("resume", PackageResources.V0006__resume_sql),
        ("producers", PackageResources.V0007__producers_sql),
        ("grants", PackageResources.V0008__grants_sql),
        ("views", PackageResources.V0009__views_sql),
        ("analysis", PackageResources.V0010__analysis_sql),
        ("lookups", PackageResources.V0011__lookups_sql),
        ("fair_claims", PackageResources.V0012__fair_claims_sql),
        ("fleet", PackageResources.V0013__fleet_sql),
        ("bulk", PackageResources.V0014__bulk_sql),
        ("operations", PackageResources.V0015__operations_sql),
        ("throughput", PackageResources.V0016__throughput_sql),
        ("evaluation", PackageResources.V0017__evaluation_sql),
        ("calibration", PackageResources.V0018__calibration_sql),
        ("flat_upkeep", PackageResources.V0019__flat_upkeep_sql),
        ("results_by_column", PackageResources.V0020__results_by_column_sql),
        ("evaluation_reads", PackageResources.V0021__evaluation_reads_sql),
    ].enumerated().map { index, entry in
        Migration(version: index + 1, name: entry.0, sql: String(decoding: entry.1, as: UTF8.self))
    }

    /// The version of the schema that this program was written for.
    public static var latestVersion: Int { all.count }
}
