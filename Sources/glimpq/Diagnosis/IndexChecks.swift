import Postgres

/// Checks of the indexes: whether they are complete, and how much of them is air.
struct IndexChecks {
    let limits: DiagnosisLimits

    func run(_ connection: Connection) async throws -> [Finding] {
        var findings: [Finding] = []
        var count = 0
        for row in try await connection.query("SELECT * FROM glimpq.index_health_v1() ORDER BY bytes DESC") {
            count += 1
            let name: String = try row.get("index_name")
            let bytes: Int = try row.get("bytes")
            let expected: Double = try row.get("expected_bytes")
            if try !row.get("valid", as: Bool.self) {
                findings.append(
                    Finding(
                        "index \(name)", .broken, "invalid: building it was interrupted, and queries do not use it",
                        remedy:
                            "REINDEX INDEX CONCURRENTLY glimpq.\(name), or drop it if it is a leftover (_ccnew, _ccold)"
                    ))
            } else if Double(bytes) > limits.bloatRatio * expected, Double(bytes) - expected > limits.bloatBytes {
                findings.append(
                    Finding(
                        "bloat of index \(name)", .warning,
                        "\(Figures.bytes(bytes)) for entries that need about \(Figures.bytes(Int(expected)))",
                        limit:
                            "\(Figures.fixed(limits.bloatRatio, 1)) times and \(Figures.bytes(Int(limits.bloatBytes))) more",
                        remedy: "REINDEX INDEX CONCURRENTLY glimpq.\(name)"))
            }
        }
        return findings.isEmpty ? [Finding("indexes", "\(count), all valid")] : findings
    }
}
