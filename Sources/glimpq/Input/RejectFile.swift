#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes refused lines down: JSON lines of `file`, `line`, `path`, `error` and the `input` itself. Once the inputs are
/// mended, the file can be enqueued like any other.
final class RejectFile {
    /// Where it is.
    let path: String
    private let descriptor: Int32
    private let sink: ByteSink

    /// Creates the file, or empties it.
    ///
    /// - Throws: ``FileFailure``.
    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if descriptor < 0 { throw FileFailure("cannot write", path: path, error: errno) }
        sink = ByteSink(descriptor: descriptor)
    }

    deinit { close(descriptor) }

    /// Adds a line.
    ///
    /// - Parameters:
    ///   - item: The line.
    ///   - fault: Why it was refused.
    ///   - file: Where it stands.
    /// - Throws: ``FileFailure``.
    func add(_ item: JobSource.Item, _ fault: LineFault, file: String) throws {
        let record = JSONText.object([
            ("file", JSONText.string(file)), ("line", "\(item.number)"),
            ("path", fault.path.map(JSONText.string) ?? "null"), ("error", JSONText.string(fault.reason)),
            ("input", RefusedLine.text(item)),
        ])
        try sink.append((record + "\n").utf8)
    }

    /// Writes out what is in the buffer.
    ///
    /// - Throws: ``FileFailure``.
    func flush() throws { try sink.flush() }
}
