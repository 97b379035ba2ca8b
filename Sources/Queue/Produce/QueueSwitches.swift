import Postgres

/// What to do with one setting of a queue.
public enum SettingChange<Value: Sendable & Hashable>: Sendable, Hashable {
    /// Leave it as it is.
    case keep
    /// Take it back: no limit, no ageing, no time limit.
    case clear
    /// Give it a value.
    case set(Value)
}

/// Changes to the switches of a queue; all are kept as they are unless named.
public struct QueueChanges: Sendable, Hashable {
    /// Whether tenants take turns.
    public var isFair: Bool?
    /// How many jobs of the queue may run at once.
    public var maximumRunning = SettingChange<Int>.keep
    /// How many jobs of each tenant may run at once.
    public var maximumPerTenant = SettingChange<Int>.keep
    /// The wait after which a job behind higher priorities rises by one.
    public var ageing = SettingChange<Duration>.keep
    /// Time limit of jobs that have none of their own.
    public var defaultTimeout = SettingChange<Duration>.keep
    /// A remark for people.
    public var note = SettingChange<String>.keep

    /// Creates changes that change nothing.
    public init() {}

    /// Whether nothing is to change.
    public var isEmpty: Bool { self == QueueChanges() }

    /// Name and value of each setting that changes, as the server's `configure_queue` takes them; `nil` is null.
    var settings: [(name: String, value: String?)] {
        var settings: [(name: String, value: String?)] = []
        func add<Value>(_ name: String, _ change: SettingChange<Value>, _ text: (Value) -> String) {
            switch change {
            case .keep: break
            case .clear: settings.append((name, nil))
            case .set(let value): settings.append((name, text(value)))
            }
        }
        if let isFair { settings.append(("fair", "\(isFair)")) }
        add("max_running", maximumRunning) { "\($0)" }
        add("max_running_per_tenant", maximumPerTenant) { "\($0)" }
        add("ageing", ageing) { "\($0 / .milliseconds(1)) milliseconds" }
        add("default_timeout", defaultTimeout) { "\($0 / .milliseconds(1)) milliseconds" }
        add("note", note) { $0 }
        return settings
    }
}

extension JobControl {
    /// Changes switches of a queue; a queue that has none yet gets a row.
    ///
    /// - Throws: `PostgresError`.
    public func configure(queue: String, _ changes: QueueChanges) async throws {
        let settings = changes.settings
        _ = try await connection.run("configure queue", attempts: 3) { connection in
            try await connection.query(
                "SELECT glimpq.configure_queue($1, (SELECT jsonb_object_agg(k, v) FROM unnest($2, $3) AS s(k, v)))",
                [queue, settings.map(\.name), settings.map(\.value)])
        }
    }

    /// Limits how many jobs of one tenant run at once in a queue, whatever the queue says; 0 stops it.
    ///
    /// - Parameters:
    ///   - tenant: The tenant; `nil` for jobs without one.
    ///   - queue: The queue.
    ///   - maximum: The limit; `nil` goes back to the queue's.
    /// - Throws: `PostgresError`.
    public func limit(tenant: String?, in queue: String, to maximum: Int?) async throws {
        _ = try await connection.run("limit tenant", attempts: 3) { connection in
            try await connection.query(
                "SELECT glimpq.limit_tenant($1, $2, $3)", [queue, tenant, maximum.map(Int32.init(clamping:))])
        }
    }
}
