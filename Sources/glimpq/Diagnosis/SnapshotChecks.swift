import Postgres

/// Looks for whoever keeps dead rows from being removed, which slows every claim.
struct SnapshotChecks {
    let limits: DiagnosisLimits

    /// One who holds a snapshot.
    struct Holder {
        /// `session`, `standby`, `replication slot` or `prepared transaction`.
        var kind: String
        /// Its server process, if it has one.
        var processID: Int?
        /// User, name of the slot, or owner.
        var name: String
        /// Name of the application, or global id of a prepared transaction.
        var application: String
        /// What it does.
        var state: String
        /// Since when, in seconds.
        var seconds: Double?
        /// Since how many transactions.
        var transactions: Int
    }

    func run(_ connection: Connection) async throws -> [Finding] {
        let holders = try await connection.query("SELECT * FROM glimpq.snapshot_holders_v1()").map { row in
            Holder(
                kind: try row.get("kind"), processID: try row.get("pid"),
                name: try row.get("holder", as: String?.self) ?? "",
                application: try row.get("application", as: String?.self) ?? "",
                state: try row.get("state", as: String?.self) ?? "", seconds: try row.get("age_seconds"),
                transactions: try row.get("xmin_age", as: Int?.self) ?? 0)
        }
        let faults = holders.compactMap(fault)
        guard faults.isEmpty else { return Array(faults.prefix(5)) }
        let oldest = holders.compactMap(\.seconds).max() ?? 0
        return [Finding("snapshots", "the oldest is \(Figures.duration(oldest)) old", limit: limit)]
    }

    private var limit: String {
        "\(Figures.duration(limits.snapshotSeconds)); of slots and standbys "
            + "\(Figures.grouped(limits.snapshotTransactions)) transactions"
    }

    /// What is wrong with a holder; `nil` if nothing.
    func fault(_ holder: Holder) -> Finding? {
        let isTimed = holder.kind == "session" || holder.kind == "prepared transaction"
        let seconds = isTimed ? holder.seconds ?? 0 : 0
        let isFault =
            isTimed ? seconds > limits.snapshotSeconds : holder.transactions > limits.snapshotTransactions
        guard isFault else { return nil }
        let process = holder.processID.map { " process \($0)" } ?? ""
        let application = holder.application.isEmpty ? "" : ", application \(holder.application)"
        let age = isTimed ? "\(Figures.duration(seconds)), " : ""
        return Finding(
            "held snapshot", seconds > limits.snapshotBrokenSeconds ? .broken : .warning,
            "\(holder.kind)\(process) (\(holder.name)\(application)), \(holder.state), for \(age)"
                + "\(Figures.grouped(holder.transactions)) transactions: dead rows stay and claims slow down",
            limit: limit, remedy: remedy(holder))
    }

    private func remedy(_ holder: Holder) -> String {
        let process = holder.processID.map(String.init) ?? "PID"
        switch holder.kind {
        case "session" where holder.state.hasPrefix("idle in transaction"):
            return "its client has forgotten a transaction: SELECT pg_terminate_backend(\(process)); for the future: "
                + "ALTER ROLE \(Identifier.quoted(holder.name)) SET idle_in_transaction_session_timeout = '1min'"
        case "session" where holder.application.hasPrefix("pg_dump") || holder.application.hasPrefix("pg_basebackup"):
            return
                "a backup: let it end; take the next one from a replica, or with pg_basebackup, which holds no snapshot"
        case "session":
            return
                "a long query: SELECT pg_cancel_backend(\(process)); run such queries on a replica (Ops/SCALING.md), or "
                + "ALTER ROLE \(Identifier.quoted(holder.name)) SET statement_timeout = '10min'"
        case "standby":
            return "a query on that standby holds it here: end the query there, or set hot_standby_feedback = off on it"
        case "replication slot":
            return holder.state == "inactive"
                ? "nobody reads from it: if nobody will, SELECT pg_drop_replication_slot('\(holder.name)')"
                : "what reads from it lags behind: see pg_stat_replication on this server"
        default:
            return "its coordinator must end it, or you: ROLLBACK PREPARED '\(holder.application)', or COMMIT PREPARED"
        }
    }
}
