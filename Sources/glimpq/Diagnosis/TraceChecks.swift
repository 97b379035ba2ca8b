import FoundationEssentials
import Postgres
import Queue

/// Checks of the trace partitions.
enum TraceChecks {
    static func run(_ reader: QueueReader) async throws -> [Finding] {
        let health = try await reader.traceHealth()
        return [partitions(health), leftovers(health)]
    }

    static func partitions(_ health: TraceHealth) -> Finding {
        let found = "\(health.partitions) partitions, \(max(health.daysAhead, 0)) days ahead"
        switch health.daysAhead {
        case ..<0:
            return Finding(
                "trace partitions", .broken, "today has none: traces pile up in the default partition",
                limit: "1 day ahead",
                remedy:
                    "SELECT glimpq.create_step_partitions() as glimpq_admin; workers do it every few seconds while they run"
            )
        case 0:
            return Finding(
                "trace partitions", .warning, "tomorrow has none", limit: "1 day ahead",
                remedy:
                    "start a worker, which creates them, or SELECT glimpq.create_step_partitions() as glimpq_admin; if a "
                    + "worker runs, somebody keeps glimpq.step_default locked (pg_locks)")
        default: return Finding("trace partitions", found, limit: "1 day ahead")
        }
    }

    static func leftovers(_ health: TraceHealth) -> Finding {
        guard health.defaultRows > 0 else { return Finding("default trace partition", "empty") }
        let days = health.defaultDays.map { day in
            Date(timeIntervalSince1970: Double(day.days) * 86_400).formatted(.iso8601.year().month().day())
        }
        let count = Figures.grouped(health.defaultRows) + (health.defaultRows >= 100_000 ? " or more" : "")
        return Finding(
            "default trace partition", .warning, "\(count) rows, of \(days.joined(separator: ", "))", limit: "0",
            remedy: days.map { "SELECT glimpq.create_step_partition('\($0)')" }.joined(separator: "; ")
                + " as glimpq_admin moves them; rows of days whose traces were dropped by age go by themselves")
    }
}
