/// Why a queue operation failed, apart from the database itself (`PostgresError`).
public enum QueueError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The worker's lease has run out or was taken; register again under a new id.
    case workerLost(worker: Int64)
    /// The database wants workers of a newer protocol (setting `min_worker_protocol`).
    case workerTooOld(protocol: Int, needed: Int)
    /// A claim took longer than it may.
    case claimTimedOut
    /// The database has an older schema than the program needs.
    case schemaTooOld(found: Int, needed: Int)
    /// The database has no glimpq schema.
    case schemaMissing
    /// A migration that was applied differs from the one in the program.
    case migrationChanged(file: String)
    /// The database has migrations that the program does not know.
    case schemaTooNew(found: Int, known: Int)
    /// The server is older than PostgreSQL 15.
    case serverTooOld(version: Int)
    /// No batch has this name.
    case unknownBatch(String)
    /// Another process puts the same input into the same batch.
    case inputTaken(source: String, batch: String)
    /// The connection broke while rows were committed, and nothing tells whether they were.
    case outcomeUnknown(rows: Int)

    /// A bounded label for metrics.
    public var code: String {
        switch self {
        case .workerLost: "worker_lost"
        case .workerTooOld: "worker_too_old"
        case .claimTimedOut: "claim_timed_out"
        case .schemaTooOld: "schema_too_old"
        case .schemaMissing: "schema_missing"
        case .migrationChanged: "migration_changed"
        case .schemaTooNew: "schema_too_new"
        case .serverTooOld: "server_too_old"
        case .unknownBatch: "unknown_batch"
        case .inputTaken: "input_taken"
        case .outcomeUnknown: "outcome_unknown"
        }
    }

    /// What happened and what to do about it.
    public var description: String {
        switch self {
        case .workerLost(let worker): "worker \(worker) has lost its lease; it must register again"
        case .workerTooOld(let own, let needed):
            "this worker speaks protocol \(own), the database wants \(needed) or newer; start a newer version of glimpq"
        case .claimTimedOut: "a claim took longer than it may; the next one asks for fewer jobs"
        case .schemaTooOld(let found, let needed):
            "the database has schema version \(found), this program needs \(needed); run `glimpq migrate`"
        case .schemaMissing: "the database has no glimpq schema; run `glimpq migrate`"
        case .migrationChanged(let file):
            "migration \(file) was applied with other text than this program has; use the program that migrated the "
                + "database, or restore the file"
        case .schemaTooNew(let found, let known):
            "the database has schema version \(found), this program knows versions up to \(known); use a newer program"
        case .serverTooOld(let version):
            "the server is PostgreSQL \(version / 10000), glimpq needs 15 or later"
        case .unknownBatch(let name): "no batch is named \"\(name)\""
        case .inputTaken(let source, let batch):
            "another process is putting \(source) into the batch \"\(batch)\"; let it end, then enqueue again"
        case .outcomeUnknown(let rows):
            "the connection to PostgreSQL broke while \(rows) jobs were committed, and nothing tells whether they are "
                + "in; compare the batch's count before you send them again"
        }
    }
}
