import Postgres
import Queue

/// Checks of what a server runs out of: connections, transaction numbers.
struct ServerChecks {
    let reader: QueueReader
    let limits: DiagnosisLimits

    func run(_ connection: Connection) async throws -> [Finding] {
        let server = try await reader.serverMetric()
        var findings = [connections(server), wraparound(server)]
        if !server.seesAllSessions {
            findings.append(
                Finding(
                    "monitoring", .warning, "snapshots of other users cannot be seen",
                    remedy: "as a superuser: GRANT pg_read_all_stats TO glimpq_owner"))
        }
        return findings
    }

    private func connections(_ server: ServerMetric) -> Finding {
        let free = server.maximumConnections - server.connections
        let found = "\(server.connections) of \(server.maximumConnections) in use"
        let limit = "\(limits.freeConnections) free"
        guard free < limits.freeConnections else { return Finding("connections", found, limit: limit) }
        return Finding(
            "connections", .warning, found, limit: limit,
            remedy:
                "a worker takes up to 5: put PgBouncer in front of large fleets (Ops/SCALING.md), or raise max_connections; "
                + "who has them: SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2 ORDER BY 3 DESC"
        )
    }

    private func wraparound(_ server: ServerMetric) -> Finding {
        let found = "the oldest unfrozen transaction is \(Figures.grouped(server.frozenAge)) transactions old"
        let limit = Figures.grouped(limits.frozenAge)
        guard server.frozenAge > limits.frozenAge else { return Finding("wraparound", found, limit: limit) }
        return Finding(
            "wraparound", server.frozenAge > limits.frozenAgeBroken ? .broken : .warning, found, limit: limit,
            remedy: "end what holds the oldest snapshot (see there), then VACUUM (FREEZE) the tables that "
                + "SELECT relname, age(relfrozenxid) FROM pg_class WHERE relkind = 'r' ORDER BY 2 DESC LIMIT 5 names")
    }
}
