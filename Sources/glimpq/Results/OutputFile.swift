#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name when it is complete, or standard output.
final class OutputFile: Sendable {
    /// Where the bytes go.
    let sink: ByteSink
    private let path: String?
    private let temporary: String
    private let descriptor: Int32

    /// Opens the file beside its place.
    ///
    /// - Parameter path: `nil` or `-` for standard output.
    /// - Throws: ``FileFailure``.
    init(path: String?) throws {
        guard let path, path != "-" else {
            self.path = nil
            temporary = ""
            descriptor = 1
            sink = .standardOutput
            return
        }
        var kind = stat()
        if stat(path, &kind) == 0, kind.st_mode & S_IFMT != S_IFREG {  // a device or a pipe must not be replaced
            self.path = nil
            temporary = ""
            descriptor = open(path, O_WRONLY)
            if descriptor < 0 { throw FileFailure("cannot write", path: path, error: errno) }
            sink = ByteSink(descriptor: descriptor)
            return
        }
        self.path = path
        temporary = "\(path).part-\(getpid())"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        if descriptor < 0 { throw FileFailure("cannot write", path: path, error: errno) }
        sink = ByteSink(descriptor: descriptor)
    }

    /// Writes out what is left and gives the file its name.
    ///
    /// - Throws: ``FileFailure``, ``BrokenPipe``.
    func commit() throws {
        try sink.flush()
        guard let path else { return }
        if fsync(descriptor) != 0 && errno != EINVAL { throw FileFailure("cannot write", path: path, error: errno) }
        if rename(temporary, path) != 0 { throw FileFailure("cannot write", path: path, error: errno) }
    }

    deinit {
        if path != nil {
            close(descriptor)
            unlink(temporary)
        }
    }
}
