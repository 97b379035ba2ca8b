#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes refused lines down: JSON lines of `line`, `path`, `error` and the `input` itself.
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
    /// - Throws: ``FileFailure``.
    func add(_ line: LineReader.Line, _ fault: LineFault) throws {
        let record = JSONText.object([
            ("line", "\(line.number)"), ("path", fault.path.map(JSONText.string) ?? "null"),
            ("error", JSONText.string(fault.reason)),
            ("input", JSONText.string(String(decoding: line.bytes, as: UTF8.self))),
        ])
        try sink.append((record + "\n").utf8)
    }

    /// Writes out what is left.
    ///
    /// - Throws: ``FileFailure``.
    func finish() throws { try sink.flush() }
}
