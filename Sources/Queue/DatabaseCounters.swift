import Synchronization

/// How often connections broke and statements had to be repeated. Shared by the connections of one process.
public final class DatabaseCounters: Sendable {
    private let broken = Atomic<Int>(0)
    private let repeated = Atomic<Int>(0)

    /// Starts at zero.
    public init() {}

    /// Connections that were made again after they had broken.
    public var reconnects: Int { broken.load(ordering: .relaxed) }

    /// Statements repeated after a deadlock, a serialization failure, or a lock or time limit.
    public var repeats: Int { repeated.load(ordering: .relaxed) }

    func countReconnect() { broken.add(1, ordering: .relaxed) }
    func countRepeat() { repeated.add(1, ordering: .relaxed) }
}
