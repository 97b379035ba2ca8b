public import Logging
public import Postgres

/// A connection that comes back by itself: when it breaks or the server restarts, it waits, connects again and repeats
/// the operation. Only operations that may run twice belong here.
public actor ReconnectingConnection {
    private typealias Opening = Task<Connection, any Error>

    /// How often an operation is repeated at most that the server answers with a deadlock, a serialization failure or a
    /// lock or time limit. Outages are waited for without a bound.
    private static let mostRepeats = 20

    private let options: ConnectionOptions
    private let backoff: Backoff
    private let counters: DatabaseCounters
    private let logger: Logger
    private var opening: Opening?
    private var hasBeenOpen = false

    /// Creates a connection that opens with its first use.
    public init(
        _ options: ConnectionOptions, backoff: Backoff = Backoff(), counters: DatabaseCounters = DatabaseCounters(),
        logger: Logger
    ) {
        self.options = options
        self.backoff = backoff
        self.counters = counters
        self.logger = logger
    }

    /// Runs an operation, and runs it again after outages, deadlocks, serialization failures and time limits.
    ///
    /// - Parameters:
    ///   - what: Names the operation in the log.
    ///   - attempts: How often to try; `nil` tries until the task is cancelled.
    /// - Throws: What the operation throws and no repetition cures; `CancellationError`.
    public func run<Result: Sendable>(
        _ what: String, attempts: Int? = nil, _ operation: @Sendable (Connection) async throws -> Result
    ) async throws -> Result {
        var backoff = self.backoff
        var tried = 0
        var refused = 0
        while true {
            try Task.checkCancellation()
            var used: Opening?
            do {
                let opening = try await current()
                used = opening
                return try await operation(try await opening.value)
            } catch let error as PostgresError where error.needsReconnect || error.isRetryable {
                tried += 1
                if error.needsReconnect {
                    await discard(used)
                } else {
                    refused += 1
                    counters.countRepeat()
                }
                if tried >= attempts ?? .max || refused >= Self.mostRepeats { throw error }
                let delay = backoff.delay(random: .random(in: 0..<1))
                logger.warning(
                    "database operation failed, trying again",
                    metadata: ["operation": "\(what)", "attempt": "\(tried)", "delay": "\(delay)", "error": "\(error)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    /// Closes the connection; the next use opens a new one.
    public func close() async { await discard(opening) }

    /// The open connection, or a new one. Of several tasks that find it broken one opens the next.
    private func current() async throws -> Opening {
        while let opening {
            let connection = try await opening.value
            if await connection.isOpen { return opening }
            if self.opening == opening { self.opening = nil }
        }
        let options = self.options
        let task = Opening { try await Connection.connect(options) }
        opening = task
        do {
            _ = try await task.value
        } catch {
            if opening == task { opening = nil }
            throw error
        }
        if hasBeenOpen { counters.countReconnect() }
        hasBeenOpen = true
        return task
    }

    /// Closes the connection that failed. Another task may have opened a new one since, which stays.
    private func discard(_ failed: Opening?) async {
        guard let failed else { return }
        if opening == failed { opening = nil }
        try? await failed.value.close()
    }
}
