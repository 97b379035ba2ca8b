import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The reader of a pipe has gone away.
struct BrokenPipe: Error {}

/// Writes bytes to a file descriptor through a buffer.
final class ByteSink: Sendable {
    private let descriptor: Int32
    private let buffer = Mutex<[UInt8]>([])
    private let limit = 1 << 16

    /// Creates a sink for an open descriptor, which it does not close.
    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Standard output.
    static let standardOutput = ByteSink(descriptor: 1)
    /// Standard error.
    static let standardError = ByteSink(descriptor: 2)

    /// Appends bytes; they may stay in the buffer until ``flush()``.
    ///
    /// - Throws: ``BrokenPipe``, ``FileFailure``.
    func append(_ bytes: some Collection<UInt8>) throws {
        try buffer.withLock { buffer in
            buffer.append(contentsOf: bytes)
            if buffer.count >= limit { try send(&buffer) }
        }
    }

    /// Appends text and writes everything out.
    ///
    /// - Throws: ``BrokenPipe``, ``FileFailure``.
    func write(_ text: String) throws {
        try append(text.utf8)
        try flush()
    }

    /// Appends a line and writes everything out.
    ///
    /// - Throws: ``BrokenPipe``, ``FileFailure``.
    func write(line: String) throws { try write(line + "\n") }

    /// Writes out what is in the buffer.
    ///
    /// - Throws: ``BrokenPipe``, ``FileFailure``.
    func flush() throws {
        try buffer.withLock { try send(&$0) }
    }

    private func send(_ buffer: inout [UInt8]) throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        try buffer.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = systemWrite(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
                if count >= 0 {
                    sent += count
                } else if errno == EPIPE {
                    throw BrokenPipe()
                } else if errno != EINTR {
                    throw FileFailure("cannot write", path: "descriptor \(descriptor)", error: errno)
                }
            }
        }
    }
}

/// `write(2)`, which the method of the same name hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
