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
    private var pumping: Task<Void, Never>?
    private var isClosed = false
    private var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var waitersEver: UInt64 = 0
    private var dropped: [Int64: Int] = [:]

    /// What has become of rows so far.
    public struct Counts: Sendable, Hashable {
        /// Rows that wait.
        public var backlog = 0
        /// Rows that the server took.
        public var written = 0
        /// Rows that the server refused, or that were never written.
        public var dropped = 0
    }

    /// What has become of rows so far.
    public var counts: Counts {
        var counts = sums
        counts.backlog = buffer.count
        return counts
    }
    private var sums = Counts()

    /// Creates a writer; its connection opens with the first row.
    public init(
        _ options: ConnectionOptions, limits: Limits = Limits(), counters: DatabaseCounters = DatabaseCounters(),
        logger: Logger
    ) {
        var options = options
        options.statementTimeout = options.statementTimeout ?? .seconds(30)
        connection = ReconnectingConnection(options, counters: counters, logger: logger)
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
    public var backlog: Int { buffer.count }

    /// Stops writing and closes the connection. Flush first: rows that still wait are lost, which is logged and counted.
    ///
    /// - Returns: How many rows were lost.
    @discardableResult
    public func close() async -> Int {
        isClosed = true
        pumping?.cancel()
        await pumping?.value
        announce()
        await connection.close()
        let lost = buffer.count
        if lost > 0 {
            logger.warning(
                "trace rows were not written before the end; results in the spool bring theirs with them",
                metadata: ["rows": "\(lost)"])
            buffer.removeFirst(lost)
            sums.dropped += lost
        }
        return lost
    }

    /// Starts writing unless it is under way.
    private func pump() {
        guard pumping == nil, !isClosed, !buffer.isEmpty, buffer.isDue || settled < target || buffer.isFull else {
            return
        }
        pumping = Task { await drain() }
    }

    private func drain() async {
        var backoff = Backoff()
        while !isClosed, !buffer.isEmpty, buffer.isDue || settled < target {
            let rows = buffer.head()
            do {
                try await write(rows)
                sums.written += rows.count
                settle(rows.count)
                backoff.reset()
            } catch let error as PostgresError where error.isPassing {
                logger.warning("traces cannot be written, trying again", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: backoff.delay(random: .random(in: 0..<1)))
            } catch {
                if isClosed { break }
                await writeSingly(rows)
            }
        }
        pumping = nil
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
                sums.written += 1
            } catch let error as PostgresError where error.isPassing {
                return  // the rest goes through the bulk path again
            } catch {
                if isClosed { return }
                dropped[row.job, default: 0] += 1
                sums.dropped += 1
                logger.error(
                    "trace row refused by the database and dropped",
                    metadata: [
                        "job": "\(row.job)", "epoch": "\(row.epoch)", "step": "\(row.sequence)", "error": "\(error)",
                    ])
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
        let resumed = waiters.values
        waiters = [:]
        for waiter in resumed { waiter.resume() }
    }

    /// Waits until rows have been written. A task that is cancelled does not wait for the database.
    private func nextChange() async throws {
        let number = waitersEver
        waitersEver += 1
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || isClosed {
                    continuation.resume()
                } else {
                    waiters[number] = continuation
                }
            }
        } onCancel: {
            Task { await self.resume(number) }
        }
        if isClosed { throw CancellationError() }
        try Task.checkCancellation()
    }

    private func resume(_ number: UInt64) { waiters.removeValue(forKey: number)?.resume() }
}

extension PostgresError {
    /// Whether the same rows may be taken later: the database is away, busy, or the statement was withdrawn.
    fileprivate var isPassing: Bool {
        if case .cancelled = self { return true }
        return needsReconnect || isRetryable
    }
}
