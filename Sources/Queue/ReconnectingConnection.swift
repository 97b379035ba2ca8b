public import Logging
public import Postgres

/// A connection that comes back by itself: when it breaks or the server restarts, it waits, connects again and repeats
/// the operation. Only operations that may run twice belong here.
public actor ReconnectingConnection {
    private let options: ConnectionOptions
    private let backoff: Backoff
    private let logger: Logger
    private var opening: Task<Connection, any Error>?

    /// Creates a connection that opens with its first use.
    public init(_ options: ConnectionOptions, backoff: Backoff = Backoff(), logger: Logger) {
        self.options = options
        self.backoff = backoff
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
        while true {
            try Task.checkCancellation()
            do {
                return try await operation(try await current())
            } catch let error as PostgresError where error.needsReconnect || error.isRetryable {
                tried += 1
                if error.needsReconnect { await discard() }
                if let attempts, tried >= attempts { throw error }
                let delay = backoff.delay(random: .random(in: 0..<1))
                logger.warning(
                    "database operation failed, trying again",
                    metadata: ["operation": "\(what)", "attempt": "\(tried)", "delay": "\(delay)", "error": "\(error)"])
                try await Task.sleep(for: delay)
            }
        }
    }

    /// Closes the connection; the next use opens a new one.
    public func close() async { await discard() }

    private func current() async throws -> Connection {
        if let opening {
            let connection = try await opening.value
            if await connection.isOpen { return connection }
            if self.opening == opening { self.opening = nil }
        }
        if let opening { return try await opening.value }
        let options = self.options
        let task = Task { try await Connection.connect(options) }
        opening = task
        do {
            return try await task.value
        } catch {
            if opening == task { opening = nil }
            throw error
        }
    }

    private func discard() async {
        let connection = opening
        opening = nil
        try? await connection?.value.close()
    }
}
