public import Postgres

/// A queue, its switches, and what waits and runs in it.
public struct QueueSummary: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Since when claims are stopped.
    public var pausedAt: Timestamp?
    /// Whether tenants take turns.
    public var isFair: Bool
    /// How many jobs may run at once.
    public var maximumRunning: Int?
    /// How many jobs of each tenant may run at once.
    public var maximumPerTenant: Int?
    /// How many tenants have limits of their own.
    public var tenantLimits: Int
    /// After how many seconds a waiting job rises by one priority.
    public var ageingSeconds: Double?
    /// Time limit in seconds of jobs that have none of their own.
    public var defaultTimeoutSeconds: Double?
    /// A remark for people.
    public var note: String?
    /// Jobs that can be claimed.
    public var ready: Int
    /// Jobs that wait for their time.
    public var delayed: Int
    /// Jobs in work.
    public var running: Int
    /// Jobs that are held back.
    public var held: Int
    /// Age in seconds of the oldest job that can be claimed.
    public var oldestReadySeconds: Double?
}

/// What waits and runs for one tenant of a queue.
public struct TenantSummary: Sendable, Hashable {
    /// Its name; `nil` for jobs without one.
    public var name: String?
    /// Jobs that can be claimed.
    public var ready: Int
    /// Jobs in work.
    public var running: Int
    /// How many may be in work at once.
    public var maximumRunning: Int?
    /// Age in seconds of the oldest job that can be claimed.
    public var oldestReadySeconds: Double?
}

extension QueueReader {
    /// All queues that have jobs or switches.
    ///
    /// - Throws: `PostgresError`.
    public func queues() async throws -> [QueueSummary] {
        let sql = """
            SELECT *, extract(epoch FROM ageing)::float8 AS ageing_seconds,
                extract(epoch FROM default_timeout)::float8 AS timeout_seconds
            FROM glimpq.v_queue ORDER BY queue
            """
        return try await rows(sql).map { row in
            QueueSummary(
                name: try row.get("queue"), pausedAt: try row.get("paused_at"), isFair: try row.get("fair"),
                maximumRunning: try row.get("max_running"),
                maximumPerTenant: try row.get("max_running_per_tenant"), tenantLimits: try row.get("tenant_limits"),
                ageingSeconds: try row.get("ageing_seconds"), defaultTimeoutSeconds: try row.get("timeout_seconds"),
                note: try row.get("note"), ready: try row.get("ready"), delayed: try row.get("delayed"),
                running: try row.get("running"), held: try row.get("held"),
                oldestReadySeconds: try row.get("oldest_ready_seconds"))
        }
    }

    /// The tenants of a queue that have jobs waiting or in work, or a limit of their own.
    ///
    /// - Throws: `PostgresError`.
    public func tenants(of queue: String) async throws -> [TenantSummary] {
        let sql = """
            SELECT tenant, ready, running, max_running, oldest_ready_seconds FROM glimpq.v_tenant WHERE queue = $1
            ORDER BY tenant NULLS FIRST
            """
        return try await rows(sql, [queue]).map { row in
            TenantSummary(
                name: try row.get("tenant"), ready: try row.get("ready"), running: try row.get("running"),
                maximumRunning: try row.get("max_running"), oldestReadySeconds: try row.get("oldest_ready_seconds"))
        }
    }
}
