/// One connection to a PostgreSQL server.
///
/// Every call runs on a thread that belongs to the connection and blocks it alone. A call is atomic: calls from several
/// tasks queue up and never interleave, and neither does anything inside ``perform(_:)`` or ``transaction(_:)``.
/// Cancelling the calling task cancels the running statement.
public actor Connection {
    private let thread: ConnectionThread
    private let options: ConnectionOptions
    private var handle: ConnectionHandle?
    private var prepared: [String: String] = [:]
    /// The COPY in progress, during which no other statement may run.
    private var copy: String?

    /// The connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(_ options: ConnectionOptions) {
        thread = ConnectionThread()
        self.options = options
    }

    deinit { thread.stop() }

    /// Connects.
    ///
    /// - Throws: ``PostgresError/cannotConnect(_:)``.
    public static func connect(_ options: ConnectionOptions) async throws -> Connection {
        let connection = Connection(options)
        try await connection.open()
        return connection
    }

    private func open() throws { handle = try ConnectionHandle(options) }

    /// Closes the connection; a transaction in progress is rolled back. Closing twice does nothing.
    public func close() {
        handle = nil
        prepared = [:]
        copy = nil
    }

    /// Whether the connection is open and was so at its last use.
    public var isOpen: Bool { handle?.isAlive ?? false }

    /// The process id of the server process, as in `pg_stat_activity.pid`; 0 when closed.
    public var backendID: Int32 { handle?.backendID ?? 0 }

    /// The server's version as a number: 150004 is 15.4; 0 when closed.
    public var serverVersion: Int32 { handle?.serverVersion ?? 0 }

    /// Whether a transaction block is open.
    public var isInTransaction: Bool { handle?.isInTransaction ?? false }

    /// Runs several calls without another task's calls in between.
    public func perform<Result: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Result
    ) rethrows -> Result { try body(self) }

    /// Runs a statement once.
    ///
    /// - Parameters:
    ///   - sql: One statement with `$1`, `$2`, … for parameters.
    ///   - values: The parameters.
    ///   - limit: Overrides ``ConnectionOptions/statementTimeout``.
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func query(
        _ sql: String, _ values: [any PostgresEncodable] = [], within limit: Duration? = nil
    ) throws -> Rows {
        let handle = try ready(for: sql)
        try handle.send(sql, try Self.parameters(values, sql), preparedAs: nil, statement: sql)
        return Rows(result: try collect(sql, within: limit))
    }

    /// Runs a statement that this connection keeps prepared, for statements that run often.
    ///
    /// - Parameter limit: Overrides ``ConnectionOptions/statementTimeout``.
    /// - Throws: ``PostgresError``.
    @discardableResult
    public func query(
        prepared sql: String, _ values: [any PostgresEncodable] = [], within limit: Duration? = nil
    ) throws -> Rows {
        guard options.preparesStatements else { return try query(sql, values, within: limit) }
        let handle = try ready(for: sql)
        let parameters = try Self.parameters(values, sql)
        let name: String
        if let known = prepared[sql] {
            name = known
        } else {
            name = "glimpq_\(prepared.count + 1)"
            try handle.prepare(sql, parameters, as: name)
            prepared[sql] = name
        }
        try handle.send(sql, parameters, preparedAs: name, statement: sql)
        return Rows(result: try collect(sql, within: limit))
    }

    /// Waits for notifications on channels that this connection has begun to `LISTEN` to. Other calls wait meanwhile:
    /// a listener has a connection of its own.
    ///
    /// - Parameter duration: How long to wait for the first.
    /// - Returns: What came, in order; empty if nothing did in time or the task was cancelled.
    /// - Throws: ``PostgresError/connectionLost(_:statement:)``.
    public func notifications(waitingAtMost duration: Duration) throws -> [Notification] {
        let handle = try ready(for: "LISTEN")
        do {
            return try handle.notifications(waitingAtMost: duration)
        } catch {
            close()
            throw error
        }
    }

    /// Runs one or several statements separated by semicolons, without parameters; all in one transaction unless they
    /// say otherwise.
    ///
    /// - Throws: ``PostgresError``.
    public func run(script: String) throws {
        let handle = try ready(for: script)
        try handle.send(script: script)
        _ = try collect(script)
    }

    /// Begins to send rows: `sql` is a `COPY … FROM STDIN`. Until ``endCopy()`` or ``abortCopy(_:)`` every other
    /// statement on this connection is refused.
    ///
    /// - Throws: ``PostgresError``.
    public func beginCopy(_ sql: String) throws {
        let handle = try ready(for: sql)
        try handle.send(script: sql)
        let result = try collect(sql)
        guard result.isCopyIn else {
            throw PostgresError.misuse("not a COPY … FROM STDIN: \(sql)")
        }
        copy = sql
    }

    /// Sends a piece of the COPY in progress, cut anywhere.
    ///
    /// - Throws: ``PostgresError``.
    public func sendCopy(_ bytes: [UInt8]) throws {
        let (handle, sql) = try copying()
        try handle.putCopy(bytes, statement: sql)
    }

    /// Ends the COPY in progress.
    ///
    /// - Returns: Number of rows copied.
    /// - Throws: ``PostgresError``; no row is copied then.
    @discardableResult
    public func endCopy() throws -> Int {
        let (handle, sql) = try copying()
        copy = nil
        try handle.endCopy(failure: nil, statement: sql)
        return try collect(sql).affected
    }

    /// Undoes the COPY in progress.
    public func abortCopy(_ reason: String) throws {
        let (handle, sql) = try copying()
        copy = nil
        try handle.endCopy(failure: reason, statement: sql)
        _ = try? collect(sql)
    }

    /// Receives the rows of a `COPY … TO STDOUT` as they arrive, on the connection's thread; each call of `body` gets
    /// one row with its line end. The server waits while `body` works.
    ///
    /// - Returns: Number of rows.
    /// - Throws: ``PostgresError``, or what `body` throws; the connection is closed in that case.
    @discardableResult
    public func copyOut(_ sql: String, _ body: @Sendable ([UInt8]) throws -> Void) throws -> Int {
        let handle = try ready(for: sql)
        try handle.send(script: sql)
        guard try collect(sql).isCopyOut else {
            throw PostgresError.misuse("not a COPY … TO STDOUT: \(sql)")
        }
        do {
            while let row = try handle.nextCopyRow(sql) { try body(row) }
        } catch {
            close()  // the rest of the rows would have to be read and thrown away
            throw error
        }
        return try collect(sql).affected
    }

    /// The open connection, if it may run a statement.
    private func ready(for sql: String) throws -> ConnectionHandle {
        guard let handle else { throw Self.closed(sql) }
        if let copy { throw PostgresError.misuse("a COPY is in progress: \(copy)") }
        return handle
    }

    private func copying() throws -> (ConnectionHandle, String) {
        guard let handle else { throw Self.closed("COPY") }
        guard let copy else { throw PostgresError.misuse("no COPY is in progress") }
        return (handle, copy)
    }

    /// Waits for the result; closes a connection that broke or no longer answers.
    private func collect(_ sql: String, within limit: Duration? = nil) throws -> ResultHandle {
        guard let handle else { throw Self.closed(sql) }
        do {
            return try handle.collect(sql, within: limit)
        } catch let error as PostgresError {
            if error.needsReconnect || handle.isBusy { close() }
            throw error
        }
    }

    private static func closed(_ sql: String) -> PostgresError {
        .connectionLost(ServerMessage(client: "the connection is closed"), statement: sql)
    }

    private static func parameters(_ values: [any PostgresEncodable], _ sql: String) throws -> [Parameter] {
        try values.enumerated().map { index, value in
            let parameter = value.parameter
            if !parameter.isBinary, parameter.bytes?.contains(0) == true {
                throw PostgresError.invalidValue(
                    parameter: index + 1, reason: "text contains a NUL byte, which PostgreSQL cannot store",
                    statement: sql)
            }
            return parameter
        }
    }
}
