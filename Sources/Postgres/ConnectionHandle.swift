import CPostgres

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Owns a `PGconn` and makes the libpq calls of one ``Connection``. Every call blocks the connection's thread, wakes
/// up now and then to see whether the calling task was cancelled, and gives up at the statement's time limit.
final class ConnectionHandle {
    private let pointer: OpaquePointer
    private let timeout: Duration?
    /// Keeps the closure alive that the notice receiver was given.
    private let notices: NoticeBox

    /// How often a blocked call looks at its task, in milliseconds.
    private static let slice: Int32 = 50
    /// How long the server may take to confirm that it cancelled a statement.
    private static let grace: Duration = .seconds(5)
    /// Bytes of a COPY that are handed to libpq at once.
    private static let copyPiece = 1 << 16

    /// Connects (`PQconnectdbParams`).
    ///
    /// - Throws: ``PostgresError/cannotConnect(_:)``.
    init(_ options: ConnectionOptions) throws {
        let pairs = options.keywords
        let pointer = withCStrings(pairs.map(\.0)) { keywords in
            withCStrings(pairs.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let pointer else {
            throw PostgresError.cannotConnect(ServerMessage(client: "out of memory"))
        }
        guard PQstatus(pointer) == CONNECTION_OK else {
            let message = Self.message(pointer)
            PQfinish(pointer)
            throw PostgresError.cannotConnect(message)
        }
        self.pointer = pointer
        timeout = options.statementTimeout
        notices = NoticeBox(options.onNotice)
        PQsetNoticeReceiver(
            pointer,
            { context, result in
                if let context {
                    Unmanaged<NoticeBox>.fromOpaque(context).takeUnretainedValue().receive?(ServerMessage(result))
                }
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit { PQfinish(pointer) }

    var isAlive: Bool { PQstatus(pointer) == CONNECTION_OK }
    var backendID: Int32 { PQbackendPID(pointer) }
    var serverVersion: Int32 { PQserverVersion(pointer) }
    /// Whether a statement is still running.
    var isBusy: Bool { PQtransactionStatus(pointer) == PQTRANS_ACTIVE }
    var isInTransaction: Bool { PQtransactionStatus(pointer) != PQTRANS_IDLE }

    /// Sends a statement with parameters, asking for binary results (`PQsendQueryParams`, `PQsendQueryPrepared`).
    func send(_ sql: String, _ parameters: [Parameter], preparedAs name: String?, statement: String) throws {
        let types = parameters.map(\.type)
        let lengths = parameters.map { Int32($0.bytes?.count ?? 0) }
        let formats = parameters.map { $0.isBinary ? Int32(1) : 0 }
        let count = Int32(parameters.count)
        let sent = withValues(parameters) { values in
            if let name { return PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 1) }
            return PQsendQueryParams(pointer, sql, count, types, values, lengths, formats, 1)
        }
        try check(sent, statement)
    }

    /// Prepares a statement (`PQsendPrepare`).
    func prepare(_ sql: String, _ parameters: [Parameter], as name: String) throws {
        let types = parameters.map(\.type)
        try check(PQsendPrepare(pointer, name, sql, Int32(types.count), types), sql)
        _ = try collect(sql)
    }

    /// Sends one or several statements without parameters (`PQsendQuery`).
    func send(script: String) throws { try check(PQsendQuery(pointer, script), script) }

    /// Waits for the results of what was sent and gives back the last one (`PQgetResult`). What was complete before a
    /// cancel request reached the server counts.
    ///
    /// - Parameter limit: Overrides the connection's time limit.
    func collect(_ statement: String, within timeLimit: Duration? = nil) throws -> ResultHandle {
        var last: ResultHandle?
        var failure: ServerMessage?
        let timeLimit = timeLimit ?? timeout
        let reason = try forEachResult(statement, within: timeLimit) { result in
            if result.status == PGRES_FATAL_ERROR { failure = failure ?? ServerMessage(result.pointer) }
            last = result
            return [PGRES_COPY_IN, PGRES_COPY_OUT].contains(result.status)
        }
        if let failure {
            throw reason?.error(statement, timeLimit) ?? PostgresError.server(failure, statement: statement)
        }
        guard let last else { throw PostgresError.connectionLost(Self.message(pointer), statement: statement) }
        return last
    }

    /// Sends a piece of a COPY (`PQputCopyData`), cut small: libpq copies each message into its own buffer first.
    func putCopy(_ bytes: [UInt8], statement: String) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.copyPiece))
                rest = rest.dropFirst(Self.copyPiece)
                try check(PQputCopyData(pointer, piece.baseAddress, Int32(piece.count)), statement)
            }
        }
    }

    /// Ends a COPY (`PQputCopyEnd`); with a reason the server undoes it.
    func endCopy(failure reason: String?, statement: String) throws {
        try check(PQputCopyEnd(pointer, reason), statement)
    }

    /// Receives the next row of a COPY (`PQgetCopyData`); `nil` at its end.
    func nextCopyRow(_ statement: String) throws -> [UInt8]? {
        var limit = Limit(timeout, Self.grace)
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = PQgetCopyData(pointer, &buffer, 1)
            if length > 0, let buffer {
                defer { PQfreemem(buffer) }
                return Array(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            }
            if length == -1 { return nil }
            guard length == 0 else {
                throw PostgresError.connectionLost(Self.message(pointer), statement: statement)
            }
            try waitForInput(&limit, statement, timeout)
        }
    }

    /// Takes what the server has notified of (`PQnotifies`); waits for the first, at most a while.
    ///
    /// - Returns: Empty if nothing came in time or the task was cancelled.
    func notifications(waitingAtMost duration: Duration) throws -> [Notification] {
        let deadline = ContinuousClock.now + duration
        let what = "LISTEN"
        while true {
            try check(PQconsumeInput(pointer), what)
            var received: [Notification] = []
            while let notification = PQnotifies(pointer) {
                defer { PQfreemem(notification) }
                received.append(
                    Notification(
                        channel: String(cString: notification.pointee.relname),
                        payload: String(cString: notification.pointee.extra)))
            }
            guard isAlive else { throw PostgresError.connectionLost(Self.message(pointer), statement: what) }
            if !received.isEmpty || Task.isCancelled || ContinuousClock.now >= deadline { return received }
            _ = try pollForInput(what)
        }
    }

    /// Reads results until there are none left or `body` asks to stop.
    ///
    /// - Returns: Why the server was asked to cancel, if it was.
    private func forEachResult(
        _ statement: String, within timeLimit: Duration?, _ body: (ResultHandle) -> Bool
    ) throws -> Limit.Reason? {
        var limit = Limit(timeLimit, Self.grace)
        while true {
            while PQisBusy(pointer) == 1 { try waitForInput(&limit, statement, timeLimit) }
            guard let result = PQgetResult(pointer) else { break }
            let handle = ResultHandle(result, statement: statement)
            if PQstatus(pointer) == CONNECTION_BAD {
                throw PostgresError.connectionLost(ServerMessage(result), statement: statement)
            }
            if body(handle) { break }
        }
        return limit.reason
    }

    /// Waits until the server sends something, the task is cancelled or time is up.
    private func waitForInput(_ limit: inout Limit, _ statement: String, _ timeLimit: Duration?) throws {
        switch limit.check(isCancelled: Task.isCancelled) {
        case .proceed: break
        case .cancel: cancel()
        case .abandon:
            // The server does not even confirm the cancellation: the network or the server is gone.
            let error = limit.reason?.error(statement, timeLimit)
            throw error ?? PostgresError.connectionLost(Self.message(pointer), statement: statement)
        }
        if try pollForInput(statement) { try check(PQconsumeInput(pointer), statement) }
    }

    /// Waits a slice of time for bytes from the server; whether there are any.
    private func pollForInput(_ statement: String) throws -> Bool {
        var descriptor = pollfd(fd: PQsocket(pointer), events: Int16(POLLIN), revents: 0)
        let ready = poll(&descriptor, 1, Self.slice)
        if ready < 0, errno != EINTR {
            throw PostgresError.connectionLost(
                ServerMessage(client: "poll failed: errno \(errno)"), statement: statement)
        }
        return ready > 0
    }

    /// Asks the server to cancel the running statement (`PQcancel`).
    private func cancel() {
        guard let request = PQgetCancel(pointer) else { return }
        defer { PQfreeCancel(request) }
        var reason = [CChar](repeating: 0, count: 256)
        _ = PQcancel(request, &reason, Int32(reason.count))
    }

    private func check(_ status: Int32, _ statement: String) throws {
        guard status != 1 else { return }
        throw PostgresError.connectionLost(Self.message(pointer), statement: statement)
    }

    private static func message(_ pointer: OpaquePointer) -> ServerMessage {
        ServerMessage(client: PQerrorMessage(pointer).map { String(cString: $0) } ?? "unknown error")
    }
}

/// Holds the receiver of notices for a C callback.
final class NoticeBox {
    let receive: (@Sendable (ServerMessage) -> Void)?

    init(_ receive: (@Sendable (ServerMessage) -> Void)?) { self.receive = receive }
}
