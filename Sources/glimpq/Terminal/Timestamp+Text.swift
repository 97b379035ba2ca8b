import FoundationEssentials
import Postgres

extension Timestamp {
    /// ISO 8601 in UTC, to the second: `2026-11-21T10:02:33Z`.
    var text: String { Date(timeIntervalSince1970: seconds).formatted(.iso8601) }
}
