public import Logging
public import Postgres
import Synchronization

/// Hears when somebody wakes the workers of a queue (`glimpq.wake`), on a session of its own.
///
/// Notifications may be lost: while the connection is away, behind a transaction pooler, by a server that crashes. A
/// listener only shortens waits; polling never stops. It looks every few seconds whether it is still listening.
public final class WakeListener: Sendable {
    /// How the listener is doing.
    public enum State: String, Sendable {
        case off, connecting, listening
    }

    /// The channel that `glimpq.wake` notifies; the queue's name is the payload.
    public static let channel = "glimpq_wake"
    /// Time between two looks whether the session still listens.
    private static let testInterval = Duration.seconds(10)

    private let options: ConnectionOptions
    private let queues: Set<String>
    private let logger: Logger
    private let status = Mutex((state: State.off, wakeUps: 0))

    /// Creates a listener; it connects with ``run(onWake:)``.
    ///
    /// - Parameters:
    ///   - options: The server itself, or a session pooler.
    ///   - queues: The queues of which to hear.
    public init(_ options: ConnectionOptions, queues: [String], logger: Logger) {
        var options = options
        options.statementTimeout = .seconds(5)
        self.options = options
        self.queues = Set(queues)
        self.logger = logger
    }

    /// How it is doing.
    public var state: State { status.withLock { $0.state } }
    /// How often it was woken.
    public var wakeUps: Int { status.withLock { $0.wakeUps } }

    /// Listens until the task is cancelled; connects again whenever the connection breaks.
    ///
    /// - Parameter onWake: Called when one of the queues is woken, and each time that listening begins, as what was said
    ///   before is lost.
    public func run(onWake: @Sendable () async -> Void) async {
        var backoff = Backoff(initial: .milliseconds(200), ceiling: .seconds(10))
        while !Task.isCancelled {
            status.withLock { $0.state = .connecting }
            do {
                let connection = try await Connection.connect(options)
                do {
                    try await connection.query("LISTEN \(Self.channel)")
                    backoff.reset()
                    status.withLock { $0.state = .listening }
                    try await listen(on: connection, onWake)
                } catch {
                    await connection.close()
                    throw error
                }
                await connection.close()
            } catch {
                if Task.isCancelled { break }
                logger.warning(
                    "not listening for wake-ups, polling goes on; will try again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: backoff.delay(random: .random(in: 0..<1)))
            }
        }
        status.withLock { $0.state = .off }
    }

    private func listen(on connection: Connection, _ onWake: @Sendable () async -> Void) async throws {
        await onWake()
        var tested = ContinuousClock.now
        while !Task.isCancelled {
            let heard = try await connection.notifications(waitingAtMost: Self.testInterval - (.now - tested))
            if heard.contains(where: { $0.channel == Self.channel && queues.contains($0.payload) }) {
                status.withLock { $0.wakeUps += 1 }
                await onWake()
            }
            guard ContinuousClock.now - tested >= Self.testInterval, !Task.isCancelled else { continue }
            let isListening: Bool = try await connection.query(
                "SELECT $1 IN (SELECT pg_listening_channels())", [Self.channel]
            ).one().get(0)
            guard isListening else { throw NotListening() }
            tested = .now
        }
    }

    /// The session has been exchanged behind the connection's back.
    private struct NotListening: Error, CustomStringConvertible {
        var description: String {
            "the session does not listen any more; a transaction pooler? turn listening off with GLIMPQ_LISTEN=off"
        }
    }
}
