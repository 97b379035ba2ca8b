/// From where on `doctor` finds fault.
struct DiagnosisLimits {
    /// Seconds that a snapshot may be held.
    var snapshotSeconds = 60.0
    /// Seconds after which a held snapshot is no mere warning.
    var snapshotBrokenSeconds = 1800.0
    /// Transactions that a replication slot or a standby, whose time nobody knows, may lag behind.
    var snapshotTransactions = 10_000
    /// Dead rows that a table may have, beside the share.
    var deadRows = 50_000.0
    /// Dead rows as a share of the living.
    var deadShare = 0.2
    /// Times of its expected size that a table or index may have.
    var bloatRatio = 3.0
    /// Bytes above its expected size that a table or index may have.
    var bloatBytes = 64.0 * 1024 * 1024
    /// Rows from which on a table needs statistics.
    var rowsWithoutStatistics = 10_000.0
    /// Transactions that a database may leave unfrozen; the server stops at 2 thousand million.
    var frozenAge = 600_000_000
    /// The same, after which it is no mere warning.
    var frozenAgeBroken = 1_500_000_000
    /// Free connections that there should be.
    var freeConnections = 8
    /// Seconds by which this machine's clock may differ from the database's.
    var clockSeconds = 5.0
    /// Seconds since a live worker's latest beat.
    var beatSeconds = 15.0
}
