#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file to which results are added as they come, or standard output. What a run before has left in it is kept, apart
/// from a line that was cut off: the file itself says which jobs are in.
final class GrowingFile {
    /// Where the bytes go.
    let sink: ByteSink
    /// Jobs that were in the file when it was opened.
    private(set) var jobs: [Int64] = []
    private let path: String?
    private let descriptor: Int32

    /// Opens the file at its end, or creates it.
    ///
    /// - Parameters:
    ///   - path: `nil` or `-` for standard output.
    ///   - format: The form of what is in it and will be.
    /// - Throws: ``FileFailure``, ``CommandFailure`` if it holds something else.
    init(path: String?, format: ResultFormat) throws {
        guard let path, path != "-" else {
            self.path = nil
            descriptor = 1
            sink = .standardOutput
            try sink.append(format.header.utf8)
            return
        }
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        if descriptor < 0 { throw FileFailure("cannot write", path: path, error: errno) }
        sink = ByteSink(descriptor: descriptor)
        let length = try read(path, format)
        // A pipe or a device has no length to cut and nothing in it.
        _ = ftruncate(descriptor, off_t(length))
        _ = lseek(descriptor, 0, SEEK_END)
        if length == 0 { try sink.append(format.header.utf8) }
    }

    deinit {
        if path != nil { close(descriptor) }
    }

    /// Writes out what is left.
    ///
    /// - Throws: ``FileFailure``, ``BrokenPipe``.
    func commit() throws {
        try sink.flush()
        if let path, fsync(descriptor) != 0, errno != EINVAL {
            throw FileFailure("cannot write", path: path, error: errno)
        }
    }

    /// Finds the jobs of a file.
    ///
    /// - Returns: Length of its complete records in bytes.
    private func read(_ path: String, _ format: ResultFormat) throws -> Int {
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return 0 }
        var reader = try LineReader(path: path)
        var (length, place) = (0, 0)
        var isInQuotes = false
        var first: ArraySlice<UInt8>?
        while let line = try reader.next() {
            place += line.bytes.count + 1
            if place > Int(information.st_size) { break }  // no line feed: cut off
            if first == nil { first = line.bytes }
            if format == .csv, line.bytes.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1 { isInQuotes.toggle() }
            if isInQuotes { continue }
            if let record = first, length > 0 || format.header.isEmpty {
                guard let job = format.job(of: record) else {
                    throw CommandFailure(
                        .environment,
                        "\(path):\(line.number): expected a line that glimpq results has written with --format "
                            + "\(format.rawValue); name another file")
                }
                jobs.append(job)
            }
            first = nil
            length = place
        }
        return length
    }
}
