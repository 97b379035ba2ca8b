import Postgres
import Worker

/// Checks of the workers: versions side by side, late beats, a clock that goes back.
struct FleetChecks {
    let limits: DiagnosisLimits

    private struct Member {
        var id: Int64
        var place: String
        var version: String
        var protocolNumber: Int
        var beatSeconds: Double
    }

    func run(_ connection: Connection) async throws -> [Finding] {
        // Whole rows as JSON: whether the table has a column for the protocol depends on the schema's version.
        let members = try await connection.query(
            """
            SELECT w.id, w.host || ':' || w.pid, w.version, coalesce((to_jsonb(w) ->> 'protocol')::int, 1),
                extract(epoch FROM clock_timestamp() - w.beat_at)::float8
            FROM glimpq.worker w WHERE w.state IN ('live', 'draining') AND w.lease_until > now() ORDER BY w.id
            """
        ).map { row in
            Member(
                id: try row.get(0), place: try row.get(1), version: try row.get(2), protocolNumber: try row.get(3),
                beatSeconds: try row.get(4))
        }
        guard !members.isEmpty else { return [] }
        return versions(members) + beats(members)
    }

    private func versions(_ members: [Member]) -> [Finding] {
        let newest = members.map(\.version).max { Self.isOlder($0, $1) } ?? Product.version
        let reference = Self.isOlder(newest, Product.version) ? Product.version : newest
        let latest = members.map(\.protocolNumber).max() ?? 1
        let old = members.filter { Self.isOlder($0.version, reference) || $0.protocolNumber < latest }
        guard !old.isEmpty else {
            return [Finding("worker versions", "\(members.count) workers, all \(reference)")]
        }
        let names = old.prefix(5).map { "\($0.id) on \($0.place) (\($0.version), protocol \($0.protocolNumber))" }
        return [
            Finding(
                "worker versions", .warning,
                "\(old.count) of \(members.count) workers are older than version \(reference) with protocol \(latest): \(names.joined(separator: ", "))",
                limit: reference,
                remedy:
                    "they go on working; to replace one, install the new program there and send SIGTERM: it drains, and the "
                    + "service manager starts the new one")
        ]
    }

    private func beats(_ members: [Member]) -> [Finding] {
        let limit = "\(Figures.duration(limits.beatSeconds))"
        if let early = members.min(by: { $0.beatSeconds < $1.beatSeconds }), early.beatSeconds < -1 {
            return [
                Finding(
                    "database clock", .broken,
                    "worker \(early.id) beat \(Figures.duration(-early.beatSeconds)) in the future: the database's clock was set back",
                    limit: "1 s",
                    remedy: "leases last longer by that much; let NTP slew the server's clock instead of setting it")
            ]
        }
        let late = members.filter { $0.beatSeconds > limits.beatSeconds }
        guard !late.isEmpty else { return [Finding("worker beats", "none is late", limit: limit)] }
        let names = late.prefix(5).map { "\($0.id) on \($0.place) (\(Figures.duration($0.beatSeconds)))" }
        return [
            Finding(
                "worker beats", .warning, "late: \(names.joined(separator: ", "))", limit: limit,
                remedy:
                    "the process is stopped or starved, or its network is slow; at the end of the lease its jobs go to others: "
                    + "look at its log for failed heartbeats and at the load of its machine")
        ]
    }

    /// Whether one version comes before another: `0.9.0` before `0.10.0`.
    static func isOlder(_ a: String, _ b: String) -> Bool {
        func parts(_ version: String) -> [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }
        return parts(a).lexicographicallyPrecedes(parts(b))
    }
}
