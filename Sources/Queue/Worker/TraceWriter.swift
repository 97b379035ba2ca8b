public import Logging
public import Postgres

/// Writes traces in bulk on a connection of its own, so that they never slow claims and results.
///
/// Rows are written with `synchronous_commit = off`: WAL is flushed in order, so a result that is committed
/// synchronously after its trace makes the trace durable too. Hence ``flush(_:)`` before a finish.
///
/// The buffer is bounded: ``append(_:)`` waits while it is full, and through it the session that wrote the step.
public actor TraceWriter {
    /// When rows are written and how many may wait.
    public struct Limits: Sendable, Hashable {
        /// Rows that are written at once.
        public var flushRows: Int
        /// Bytes that are written at once, roughly.
        public var flushBytes: Int
        /// How long a row waits at most while the database answers.
        public var interval: Duration
        /// Rows that may wait.
        public var capacityRows: Int
        /// Bytes that may wait.
        public var capacityBytes: Int

        /// Creates limits.
        public init(
            flushRows: Int = 500, flushBytes: Int = 256 << 10, interval: Duration = .seconds(1),
            capacityRows: Int = 20_000, capacityBytes: Int = 64 << 20
        ) {
            precondition(flushRows > 0 && capacityRows >= flushRows && capacityBytes >= flushBytes)
            self.flushRows = flushRows
            self.flushBytes = flushBytes
            self.interval = interval
            self.capacityRows = capacityRows
            self.capacityBytes = capacityBytes
        }
    }

    private let connection: ReconnectingConnection
    private let limits: Limits
    private let logger: Logger
    private var buffer: TraceBuffer
    /// Rows ever taken in, and of these written or dropped.
    private var appended = 0
    private var settled = 0
    /// Rows up to this one are to be written although no write is due.
    private var target = 0
    private var isPumping = false
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var dropped: [Int64: Int] = [:]

    /// Creates a writer; its connection opens with the first row.
    public init(_ options: ConnectionOptions, limits: Limits = Limits(), logger: Logger) {
        var options = options
        options.statementTimeout = options.statementTimeout ?? .seconds(30)
        connection = ReconnectingConnection(options, logger: logger)
        self.limits = limits
        self.logger = logger
        buffer = TraceBuffer(limits)
    }

    /// Takes a row in; waits while the buffer is full.
    ///
    /// - Throws: `CancellationError`; the row was not taken then.
    public func append(_ step: TraceRow) async throws {
        while buffer.isFull {
            pump()
            try await nextChange()
        }
        buffer.append(step)
        appended += 1
        if buffer.isDue { pump() }
    }

    /// Waits until every row that was taken in for a job is written. What is waiting for other jobs goes along.
    ///
    /// - Returns: How many rows of the job the server refused, for ``FinishedJob/traceRowsDropped``.
    /// - Throws: `CancellationError`.
    @discardableResult
    public func flush(_ job: Int64) async throws -> Int {
        try await flush()
        return dropped.removeValue(forKey: job) ?? 0
    }

    /// Waits until every row taken in so far is written.
    ///
    /// - Throws: `CancellationError`.
    public func flush() async throws {
        let goal = appended
        target = max(target, goal)
        pump()
        while settled < goal { try await nextChange() }
    }

    /// Writes at least every ``Limits/interval`` until the task is cancelled.
    public func run() async throws {
        while true {
            try await Task.sleep(for: limits.interval)
            target = appended
            pump()
        }
    }

    /// Rows that wait.
    public var backlog: Int { buffer.rows.count }

    /// Closes the connection; rows that still wait are lost. Flush first.
    public func close() async { await connection.close() }

    /// Starts writing unless it is under way.
    private func pump() {
        guard !isPumping, !buffer.isEmpty, buffer.isDue || settled < target || buffer.isFull else { return }
        isPumping = true
        Task { await drain() }
    }

    private func drain() async {
        var backoff = Backoff()
        while !buffer.isEmpty, buffer.isDue || settled < target {
            let rows = buffer.head()
            do {
                try await write(rows)
                settle(rows.count)
                backoff.reset()
            } catch let error as PostgresError where error.needsReconnect || error.isRetryable {
                logger.warning("traces cannot be written, trying again", metadata: ["error": "\(error)"])
                announce()  // lets cancelled waiters see it
                try? await Task.sleep(for: backoff.delay(random: .random(in: 0..<1)))
            } catch {
                await writeSingly(rows)
            }
        }
        isPumping = false
        announce()
    }

    private func write(_ rows: [TraceRow]) async throws {
        let columns = TraceRow.columns(rows)
        try await connection.run("trace", attempts: 1) { connection in
            try await connection.transaction { connection in
                try connection.run(script: "SET LOCAL synchronous_commit = off")
                try connection.query(prepared: TraceRow.insert, columns)
            }
        }
    }

    /// After the server has refused a bulk of rows: one by one, so that only the bad ones are lost.
    private func writeSingly(_ rows: [TraceRow]) async {
        for row in rows {
            do {
                try await write([row])
            } catch let error as PostgresError where error.needsReconnect || error.isRetryable {
                announce()
                return  // the rest goes through the bulk path again
            } catch {
                dropped[row.job, default: 0] += 1
                logger.error(
                    "trace row refused by the database and dropped",
                    metadata: ["job": "\(row.job)", "step": "\(row.sequence)", "error": "\(error)"])
            }
            settle(1)
        }
    }

    private func settle(_ count: Int) {
        buffer.removeFirst(count)
        settled += count
        announce()
    }

    private func announce() {
        let resumed = waiters
        waiters = []
        for waiter in resumed { waiter.resume() }
    }

    private func nextChange() async throws {
        try Task.checkCancellation()
        await withCheckedContinuation { waiters.append($0) }
        try Task.checkCancellation()
    }
}
